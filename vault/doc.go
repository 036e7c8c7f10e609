// Package vault keeps what must not lie open: private keys, client secrets,
// tokens, raw bank payloads. It is a package of its own so that no other code
// ever holds a private key: what leaves it is signatures, certificates and
// sealed bytes.
//
// Encryption is in two levels (envelope encryption, with Tink). A key-encryption
// key lies in a file beside the database, readable by its owner alone; it
// encrypts one data key per workspace, and those encrypt everything else. A
// stolen database is useless without the file; the file without the database,
// too. Both belong in backups, apart from each other.
//
// Every sealed value is bound to its workspace and to the place it belongs to:
// moved to another row, column or tenant it does not open.
package vault

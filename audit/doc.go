// Package audit keeps the append-only log of what was done with keys,
// certificates, credentials and registrations. Each entry carries a MAC over
// itself and the entry before it, under a key that lies in the vault: who has
// only the database can change nothing in it unseen. It is a package of its own
// because every use case writes to it and none may read or change what another
// wrote.
package audit

// Package berlin is the Berlin Group's NextGenPSD2 1.3: the wire types of
// consents, accounts, payments and confirmation of funds, the codec between
// them and the domain, the table of tppMessages, and [Client], a
// onepoint.Connector over HTTP.
//
// The framework leaves much open, so what banks do differently is in [Quirks].
// The wire types are exported because every simulator of such a bank writes
// them too, each with habits of its own. Only the redirect approach is spoken;
// there are no tokens: the grant is the consent's id, and every call is signed.
package berlin

// Package saltedge simulates Salt Edge's PSD2 compliance engine with one bank
// behind it, Artea Bank: registration of TPPs in its two ways (a signed JWT for
// the UK, JSON with a seal certificate for the Berlin Group) and NextGenPSD2
// accounts, payments and confirmation of funds, with the habits that surprise
// clients: requests signed over exactly the right headers, a redirect address
// that comes later, relative links, no state on the way back, errors with
// unusual statuses.
//
// It stands on the model bank's consent rules and books: what is revoked there
// ends here at once. docs/banks/salt-edge.md tells what is real and what was
// chosen.
package saltedge

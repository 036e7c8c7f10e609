package berlin

import (
	"context"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// Probe makes a signed call that changes nothing, to learn whether the bank
// knows this TPP: it asks for a consent that does not exist, and is content when
// the bank says so. [onepoint.CodeCertificateInvalid] from a bank that does not
// know the certificate; the wire's own code is in the [Refusal] of the chain.
func (c *Client) Probe(ctx context.Context) error {
	err := c.do(ctx, call{op: "ask whether the bank knows us", method: http.MethodGet, address: c.Base + "/consents/0/status"})
	switch onepoint.CodeOf(err) {
	case onepoint.CodeConsentInvalid, onepoint.CodeConsentExpired, onepoint.CodeNotFound, onepoint.CodeForbidden:
		return nil
	}
	return err
}

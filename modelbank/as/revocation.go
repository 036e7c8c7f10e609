package as

import (
	"context"
	"crypto/x509"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// Revocation asks whether a client certificate was revoked; *eidas.Revocation
// does. issuer is nil when the client did not send it on this connection.
type Revocation interface {
	Check(ctx context.Context, leaf, issuer *x509.Certificate) (eidas.Status, error)
}

// CheckRevocation refuses a certificate that its issuer revoked, as
// CodeCertificateInvalid. An issuer that does not tell is logged and lets the
// certificate pass, unless hard is set: then it is CodeUnavailable.
func (s *Server) CheckRevocation(ctx context.Context, leaf *x509.Certificate, sent []*x509.Certificate) error {
	const op = "check certificate"
	if s.Revocation == nil {
		return nil
	}
	status, err := s.Revocation.Check(ctx, leaf, issuerAmong(leaf, sent))
	switch {
	case err == nil && status.State == eidas.Revoked:
		return onepoint.E(onepoint.CodeCertificateInvalid, op, "the client certificate was "+status.String(), nil)
	case onepoint.CodeOf(err) == onepoint.CodeCertificateInvalid:
		return err
	case err != nil && s.RevocationHard:
		return onepoint.E(onepoint.CodeUnavailable, op, "whether the client certificate was revoked cannot be found out now; try again later", err)
	case err != nil:
		s.Log.WarnContext(ctx, "revocation not checked", "serial", leaf.SerialNumber.Text(16), "error", err)
	}
	return nil
}

// issuerAmong finds who issued leaf; nil when it is not among them.
func issuerAmong(leaf *x509.Certificate, sent []*x509.Certificate) *x509.Certificate {
	for _, c := range sent {
		if string(c.RawSubject) == string(leaf.RawIssuer) && leaf.CheckSignatureFrom(c) == nil {
			return c
		}
	}
	return nil
}

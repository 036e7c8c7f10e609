package saltedge

import (
	"context"
	"crypto/x509"
	"net/http"
	"regexp"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/httpsig"
)

// signedRequest is a request whose sender is known.
type signedRequest struct {
	*http.Request
	TPP    onepoint.TPP
	Body   []byte
	Header http.Header // of the answer
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// signature is what must be signed here: these, the last three when they are
// there, and nothing else.
func signature() httpsig.VerifyConfig {
	return httpsig.VerifyConfig{
		Headers:  []string{"digest", "date", "x-request-id"},
		Optional: []string{"psu-id", "psu-corporate-id", "tpp-redirect-uri"},
		Only:     true,
	}
}

// signed lets requests through that a registered TPP with the role has signed.
func (s *Server) signed(role eidas.Role, h func(signedRequest) (int, any, error)) func(*http.Request, http.Header, []byte) (int, any, error) {
	return func(r *http.Request, header http.Header, body []byte) (int, any, error) {
		id := r.Header.Get(httpsig.HeaderRequestID)
		if !uuidForm.MatchString(id) {
			return 0, nil, format("Header 'X-Request-ID' invalid")
		}
		header.Set(httpsig.HeaderRequestID, id)
		if err := wellFormed(r, body); err != nil {
			return 0, nil, err
		}
		cert, err := s.certificate(r.Header.Get(httpsig.HeaderCertificate))
		if err != nil {
			return 0, nil, err
		}
		tpp, err := s.knownTPP(r.Context(), cert)
		if err != nil {
			return 0, nil, err
		}
		if err := httpsig.Verify(r, body, cert.Leaf, signature()); err != nil {
			return 0, nil, refuse(http.StatusUnauthorized, "SIGNATURE_INVALID", "Header 'Signature' invalid: "+onepoint.MessageOf(err))
		}
		if !cert.Has(role) {
			return 0, nil, refuse(http.StatusUnauthorized, "ROLE_INVALID", "The certificate lacks the role "+string(role))
		}
		return h(signedRequest{r, tpp, body, header})
	}
}

// wellFormed is what the engine says of headers before it looks who sends them.
func wellFormed(r *http.Request, body []byte) error {
	if httpsig.CheckDigest(r, body) != nil {
		return format("Header 'Digest' invalid. Expected format: SHA-256={SHA256Base64(requestBody)}")
	}
	if r.Header.Get("Date") == "" {
		return format("Header 'Date' invalid")
	}
	header := r.Header.Get(httpsig.HeaderSignature)
	if header == "" {
		return refuse(http.StatusUnauthorized, "SIGNATURE_MISSING", "Header 'Signature' is missing")
	}
	sig, err := httpsig.ParseSignature(header)
	if err == nil {
		err = signature().Covers(r, sig)
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "SIGNATURE_INVALID", "Header 'Signature' invalid: Malformed signature")
	}
	return nil
}

// certificate reads and judges the seal certificate of a request.
func (s *Server) certificate(text string) (eidas.Certificate, error) {
	if text == "" {
		return eidas.Certificate{}, refuse(http.StatusUnauthorized, "CERTIFICATE_MISSING", "Header 'TPP-Signature-Certificate' is missing")
	}
	invalid := func(code, text string) (eidas.Certificate, error) {
		return eidas.Certificate{}, refuse(http.StatusUnauthorized, code, text)
	}
	if !httpsig.IsPEMEncoded(text) {
		return invalid("CERTIFICATE_INVALID", "Header 'TPP-Signature-Certificate' invalid: expected base64 of the whole PEM")
	}
	leaf, err := httpsig.DecodeCertificate(text)
	if err != nil {
		return invalid("CERTIFICATE_INVALID", "Header 'TPP-Signature-Certificate' invalid")
	}
	if s.Now().After(leaf.NotAfter) {
		return invalid("CERTIFICATE_EXPIRED", "The certificate has expired")
	}
	if s.Revoked != nil && s.Revoked(leaf) {
		return invalid("CERTIFICATE_REVOKED", "The certificate was revoked")
	}
	cert, err := s.judge(leaf, eidas.TypeSeal)
	if err != nil {
		return invalid("CERTIFICATE_INVALID", onepoint.MessageOf(err))
	}
	return cert, nil
}

// judge verifies a certificate of a type.
func (s *Server) judge(leaf *x509.Certificate, kind eidas.QCType) (eidas.Certificate, error) {
	usage := eidas.UsageSeal
	if kind == eidas.TypeWeb {
		usage = eidas.UsageClient
	}
	cert, err := eidas.Verify(leaf, s.Issuers, s.Roots, s.Now(), eidas.Want{Type: kind, Usage: usage})
	if err == nil && cert.Identifier == "" {
		err = onepoint.E(onepoint.CodeCertificateInvalid, "verify certificate", "the certificate names no organisation", nil)
	}
	return cert, err
}

// knownTPP finds the TPP that a certificate belongs to, once it is accepted.
func (s *Server) knownTPP(ctx context.Context, cert eidas.Certificate) (onepoint.TPP, error) {
	unknown := refuse(http.StatusUnauthorized, "CERTIFICATE_INVALID", "TPP with this certificate was not found")
	row, err := s.tpps.Get(ctx, cert.Identifier)
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeNotFound:
		return onepoint.TPP{}, unknown
	case err != nil:
		return onepoint.TPP{}, err
	case !row.holds(cert.Leaf, s.Now()):
		return onepoint.TPP{}, unknown
	}
	return onepoint.TPP{ClientID: simName + ":" + row.Organisation, OrganisationID: row.Organisation, Name: cert.Subject.Organisation}, nil
}

package saltedge

import (
	"context"
	"crypto/x509"
	"net/http"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/httpsig"
)

// registeredTPP is one TPP, by the organizationIdentifier of its certificates.
type registeredTPP struct {
	Organisation string
	Company      string
	Email        string
	Registered   time.Time
	Certificates []heldCertificate
}

// heldCertificate is usable from Ready on: a human at the TPP confirms an
// e-mail first, which takes Delay here.
type heldCertificate struct {
	Thumbprint string
	Name       string
	Type       string
	Ready      time.Time
}

func (t registeredTPP) holds(cert *x509.Certificate, now time.Time) bool {
	thumbprint := fapi.Thumbprint(cert)
	return slices.ContainsFunc(t.Certificates, func(c heldCertificate) bool {
		return c.Thumbprint == thumbprint && !now.Before(c.Ready)
	})
}

// with adds a certificate unless it is there.
func (t *registeredTPP) with(c heldCertificate) {
	if !slices.ContainsFunc(t.Certificates, func(h heldCertificate) bool { return h.Thumbprint == c.Thumbprint }) {
		t.Certificates = append(t.Certificates, c)
	}
}

type certificateBody struct {
	Name string `json:"name"`
	Type string `json:"type"`
	PEM  string `json:"pem"`
}

type registerBody struct {
	Company struct {
		Name    string `json:"name"`
		Email   string `json:"email"`
		Address string `json:"address"`
		City    string `json:"city"`
		ZIP     string `json:"zip_code"`
		Phone   string `json:"phone_number"`
	} `json:"company"`
	Representative struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"representative"`
	Certificate certificateBody `json:"certificate"`
}

const processed = "Request is processed. The result will be sent to the e-mail of the representative."

// registerTPP takes a TPP's application. Applying again with the same
// certificate changes nothing.
func (s *Server) registerTPP(r *http.Request, _ http.Header, body []byte) (int, any, error) {
	var in registerBody
	if err := read(body, &in); err != nil {
		return 0, nil, err
	}
	for name, value := range map[string]string{
		"company.name": in.Company.Name, "company.email": in.Company.Email, "representative.name": in.Representative.Name,
		"representative.email": in.Representative.Email, "certificate.name": in.Certificate.Name,
	} {
		if value == "" {
			return 0, nil, format(name + " is missing")
		}
	}
	cert, err := s.offered(r, body, in.Certificate)
	if err != nil {
		return 0, nil, err
	}
	now := s.Now().UTC()
	held := heldCertificate{fapi.Thumbprint(cert.Leaf), in.Certificate.Name, in.Certificate.Type, now.Add(s.Delay)}
	err = s.tpps.Add(r.Context(), cert.Identifier, "", registeredTPP{
		Organisation: cert.Identifier, Company: in.Company.Name, Email: in.Representative.Email, Registered: now,
		Certificates: []heldCertificate{held},
	})
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		err = s.hold(r.Context(), cert.Identifier, held)
	}
	if err != nil {
		return 0, nil, err
	}
	s.Log.InfoContext(r.Context(), "saltedge TPP registered", "organisation", cert.Identifier)
	return http.StatusOK, map[string]string{"message": processed}, nil
}

// addCertificate adds one to a registered TPP.
func (s *Server) addCertificate(r *http.Request, _ http.Header, body []byte) (int, any, error) {
	var in struct {
		Certificate certificateBody `json:"certificate"`
	}
	if err := read(body, &in); err != nil {
		return 0, nil, err
	}
	cert, err := s.offered(r, body, in.Certificate)
	if err != nil {
		return 0, nil, err
	}
	held := heldCertificate{fapi.Thumbprint(cert.Leaf), in.Certificate.Name, in.Certificate.Type, s.Now().UTC().Add(s.Delay)}
	if err := s.hold(r.Context(), cert.Identifier, held); err != nil {
		if onepoint.CodeOf(err) == onepoint.CodeNotFound {
			return 0, nil, refuse(http.StatusNotFound, "RESOURCE_UNKNOWN", "TPP was not found")
		}
		return 0, nil, err
	}
	return http.StatusOK, map[string]string{"message": processed}, nil
}

func (s *Server) hold(ctx context.Context, organisation string, c heldCertificate) error {
	_, err := s.tpps.Update(ctx, organisation, func(t *registeredTPP) error { t.with(c); return nil })
	return err
}

// offered reads the certificate of an application: from its body, or from the
// header of a signed one. A signature, where there is one, must be its own.
func (s *Server) offered(r *http.Request, body []byte, c certificateBody) (eidas.Certificate, error) {
	text := c.PEM
	if text == "" {
		text = r.Header.Get(httpsig.HeaderCertificate)
	}
	if c.Type != "qseal" {
		return eidas.Certificate{}, format("certificate.type must be qseal")
	}
	leaf, err := httpsig.DecodeCertificate(text)
	if err != nil {
		return eidas.Certificate{}, format("certificate.pem is invalid")
	}
	if country := slices.Concat(leaf.Subject.Country, []string{""})[0]; !knownCountry(country) {
		return eidas.Certificate{}, format("country " + country + " was not found")
	}
	if r.Header.Get(httpsig.HeaderSignature) != "" {
		if err := httpsig.Verify(r, body, leaf, signature()); err != nil {
			return eidas.Certificate{}, refuse(http.StatusUnauthorized, "SIGNATURE_INVALID", "Header 'Signature' invalid: "+onepoint.MessageOf(err))
		}
	}
	cert, err := s.judge(leaf, eidas.TypeSeal)
	if err != nil || s.Revoked != nil && s.Revoked(leaf) {
		return eidas.Certificate{}, format("certificate is invalid") // the engine does not say why
	}
	return cert, nil
}

package saltedge

import (
	"encoding/json"
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/httpsig"
)

// ukCertificate adds a certificate to the software of the organisation that it
// names. It becomes usable when a human at the TPP has confirmed an e-mail,
// which takes Delay here.
func (s *Server) ukCertificate(r *http.Request, body []byte) (any, error) {
	var in struct {
		Data struct {
			Certificate certificateBody `json:"certificate"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, wrongFormat("the body is not JSON")
	}
	c := in.Data.Certificate
	cert, err := s.uploaded(c)
	if err != nil {
		return nil, err
	}
	owned, err := s.clients.Of(r.Context(), cert.Identifier, 100)
	if err != nil {
		return nil, err
	}
	if len(owned) == 0 {
		return nil, notFound("TPP %s was not found", cert.Identifier)
	}
	held := heldCertificate{fapi.Thumbprint(cert.Leaf), c.Name, c.Type, s.Now().UTC().Add(s.Delay)}
	for _, client := range owned {
		_, err := s.clients.Update(r.Context(), client.SoftwareID, func(u *ukClient) error {
			t := registeredTPP{Certificates: u.Certificates}
			t.with(held)
			u.Certificates = t.Certificates
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return map[string]any{"data": map[string]any{"certificate": map[string]string{"name": c.Name, "type": c.Type}}, "message": processed}, nil
}

// uploaded reads and judges a certificate that is uploaded.
func (s *Server) uploaded(c certificateBody) (eidas.Certificate, error) {
	for name, value := range map[string]string{"pem": c.PEM, "name": c.Name, "type": c.Type} {
		if value == "" {
			return eidas.Certificate{}, wrongFields("certificate.%s is missing", name)
		}
	}
	kind := map[string]eidas.QCType{"qseal": eidas.TypeSeal, "qwac": eidas.TypeWeb}[c.Type]
	if kind == "" {
		return eidas.Certificate{}, wrongFields("certificate.type must be qseal or qwac")
	}
	leaf, err := httpsig.DecodeCertificate(c.PEM)
	if err != nil {
		return eidas.Certificate{}, wrongFields("certificate.pem is invalid")
	}
	cert, err := s.judge(leaf, kind)
	if err != nil {
		return eidas.Certificate{}, wrongFields("certificate.pem: %s", onepoint.MessageOf(err))
	}
	return cert, nil
}

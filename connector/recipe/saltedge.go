package recipe

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/httpsig"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// acceptRetry is when to look again whether a registration was accepted.
const acceptRetry = 2 * time.Second

// SaltEdge registers at a bank behind Salt Edge's engine by its Berlin Group
// service: JSON with the seal certificate, accepted later.
func SaltEdge(env connector.Env) onepoint.Onboarder { return &saltEdge{env} }

type saltEdge struct{ connector.Env }

// Steps implements onepoint.Onboarder.
func (s *saltEdge) Steps() []onepoint.Step {
	return []onepoint.Step{
		{
			Name: "certificates", Title: "seal certificate checked", Run: s.certificates,
			Help: "Every call is signed with the QSEAL, and the bank knows us by it. It must be valid, of type seal, and grant PSP_AI.",
		},
		{
			Name: "register", Title: "registration sent", Run: s.register,
			Help: "Sends the company, its representative and the certificate to the engine. The same certificate again changes nothing.",
		},
		{
			Name: "accepted", Title: "registration accepted", Run: s.accepted,
			Help: "The engine decides later and writes an e-mail. A signed call that changes nothing tells when it knows us.",
		},
		{
			Name: "verify", Title: "registration proven by a signed call", Run: s.verify,
			Help: "The client that will be used makes a signed call.",
		},
	}
}

// certificates looks at what the bank would refuse, before it does.
func (s *saltEdge) certificates(_ context.Context, p *onepoint.Progress) error {
	if len(s.Signer.Chain) == 0 {
		return onepoint.E(onepoint.CodeCertificateInvalid, "check certificates", "a QSEAL is needed; import or issue it first", nil)
	}
	leaf := s.Signer.Chain[0]
	parsed, err := eidas.Parse(leaf)
	if err != nil {
		return onepoint.E(onepoint.CodeCertificateInvalid, "check certificates", "the QSEAL is no eIDAS certificate", err)
	}
	now := s.Now()
	switch {
	case !parsed.Is(eidas.TypeSeal):
		return refuse("the QSEAL is a certificate of another kind")
	case now.Before(leaf.NotBefore) || now.After(leaf.NotAfter):
		return refuse("the QSEAL is not valid today; renew it")
	case !parsed.Has(eidas.RoleAI):
		return refuse("the QSEAL lacks the role PSP_AI, without which no bank shares accounts")
	case parsed.Identifier == "":
		return refuse("the QSEAL names no organisation")
	}
	keepFile(p, "qseal.pem", s.sealPEM())
	return nil
}

func (s *saltEdge) sealPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Signer.Chain[0].Raw}))
}

// keepFile adds a file that a developer expects; never one with a secret.
func keepFile(p *onepoint.Progress, name, content string) {
	if p.Artifacts == nil {
		p.Artifacts = map[string]string{}
	}
	p.Artifacts[name] = content
}

type saltEdgeCompany struct {
	Name    string `json:"name"`
	Email   string `json:"email"`
	Address string `json:"address"`
	City    string `json:"city"`
	ZIP     string `json:"zip_code"`
	Phone   string `json:"phone_number"`
}

type saltEdgePerson struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type saltEdgeCertificate struct {
	PEM  string `json:"pem"`
	Name string `json:"name"`
	Type string `json:"type"`
}

type saltEdgeRegistration struct {
	Company        saltEdgeCompany     `json:"company"`
	Representative saltEdgePerson      `json:"representative"`
	Certificate    saltEdgeCertificate `json:"certificate"`
}

// application collects what the engine wants to know. A human's answers come
// first, then what the profile sets for a sandbox.
func (s *saltEdge) application(p *onepoint.Progress) (saltEdgeRegistration, error) {
	var missing []onepoint.Field
	get := func(name, what string) string {
		if v := p.Input[name]; v != "" {
			return v
		}
		if v := s.Profile.Onboarding.Options[name]; v != "" {
			return v
		}
		missing = append(missing, onepoint.Field{Name: name, Message: what})
		return ""
	}
	r := saltEdgeRegistration{
		Company: saltEdgeCompany{
			Name: s.TPP.Name, Email: get("company_email", "the company's e-mail address"), Address: get("company_address", "street and number"),
			City: get("company_city", "the city"), ZIP: get("company_zip", "the postal code"), Phone: get("company_phone", "the telephone number"),
		},
		Representative: saltEdgePerson{
			Name: get("representative_name", "who represents the company"), Email: get("representative_email", "where the bank writes to"),
		},
		Certificate: saltEdgeCertificate{s.sealPEM(), s.TPP.SoftwareName, "qseal"},
	}
	if len(missing) > 0 {
		return r, &onepoint.Error{
			Code: onepoint.CodeInputRequired, Op: "register", Msg: "Salt Edge wants to know the company and its representative", Fields: missing,
		}
	}
	return r, nil
}

// register sends the application, signed as every other call.
func (s *saltEdge) register(ctx context.Context, p *onepoint.Progress) error {
	const op = "register"
	if len(s.Signer.Chain) == 0 {
		return s.certificates(ctx, p)
	}
	r, err := s.application(p)
	if err != nil {
		return err
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Profile.Onboarding.Register, bytes.NewReader(body))
	if err != nil {
		return onepoint.E(onepoint.CodeInvalid, op, "the registration address is malformed", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(httpsig.HeaderRequestID, berlin.RequestID(s.NewID("req")))
	if err := httpsig.Sign(req, body, *saltEdgeSign(s.Env)); err != nil {
		return err
	}
	if err := saltEdgeDo(s.HTTP, op, req, nil); err != nil {
		return err
	}
	keepFile(p, "registration.json", string(body))
	p.Client = onepoint.Client{
		ID: s.TPP.OrganisationID, AuthMethod: "none", SigningAlg: s.Profile.Security.SigningAlg, RedirectURI: s.TPP.RedirectURI,
		Issuer: s.Profile.Endpoints.Issuer, Registered: s.Now().UTC(),
	}
	return keepClient(p)
}

// keepClient shows who we are at the bank; the secret is not in it.
func keepClient(p *onepoint.Progress) error {
	b, err := json.MarshalIndent(p.Client, "", "  ")
	if err != nil {
		return fmt.Errorf("describe the client: %w", err)
	}
	keepFile(p, "client.json", string(b))
	return nil
}

// accepted asks whether the engine knows us by now.
func (s *saltEdge) accepted(ctx context.Context, _ *onepoint.Progress) error {
	err := s.verify(ctx, nil)
	var refusal *berlin.Refusal
	if errors.As(err, &refusal) && strings.EqualFold(refusal.Code, "CERTIFICATE_INVALID") {
		return &onepoint.Error{
			Code: onepoint.CodeUnavailable, Op: "wait for acceptance", Retry: acceptRetry, Err: err,
			Msg: "the bank has not accepted the registration yet; the company's representative may need to confirm an e-mail from Salt Edge",
		}
	}
	return err
}

// verify makes a signed call as the client that will be used.
func (s *saltEdge) verify(ctx context.Context, _ *onepoint.Progress) error {
	client, err := SaltEdgeClient(s.Env)
	if err != nil {
		return err
	}
	return client.Probe(ctx)
}

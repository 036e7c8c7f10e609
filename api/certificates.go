package api

import (
	"context"
	"encoding/base64"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

// Certificates is what the API needs of keys and certificates;
// *tpp.Certificates has it.
type Certificates interface {
	CertificateShelf
	CertificateSource
	Use(ctx context.Context, workspace, bank, transport, seal string) (tpp.Move, error)
}

// CertificateShelf is what there is.
type CertificateShelf interface {
	List(ctx context.Context, workspace string) ([]tpp.Certificate, error)
	Get(ctx context.Context, workspace, name string) (tpp.Certificate, error)
	Delete(ctx context.Context, workspace, name string) error
}

// CertificateSource is where keys and certificates come from.
type CertificateSource interface {
	ImportPEM(ctx context.Context, workspace, name string, data []byte) (tpp.Certificate, error)
	ImportPKCS12(ctx context.Context, workspace, name string, data []byte, password onepoint.Secret) (tpp.Certificate, error)
	Request(ctx context.Context, workspace string, r tpp.CertificateRequest) ([]byte, error)
	Issue(ctx context.Context, workspace string, r tpp.CertificateRequest) (tpp.Certificate, error)
	Install(ctx context.Context, workspace, name string, chainPEM []byte) (tpp.Certificate, error)
}

func (a *API) listCertificates(ctx context.Context, _ *none) (*body[list[Certificate]], error) {
	all, err := a.Certificates.List(ctx, principal(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := list[Certificate]{Items: []Certificate{}}
	for _, c := range all {
		out.Items = append(out.Items, certificateResource(c))
	}
	return &body[list[Certificate]]{out}, nil
}

type nameInput struct {
	Name string `path:"name" maxLength:"64"`
}

func (a *API) getCertificate(ctx context.Context, in *nameInput) (*body[Certificate], error) {
	return certificateAnswer(a.Certificates.Get(ctx, principal(ctx).Workspace, in.Name))
}

func certificateAnswer(c tpp.Certificate, err error) (*body[Certificate], error) {
	if err != nil {
		return nil, err
	}
	return &body[Certificate]{certificateResource(c)}, nil
}

type importInput struct {
	Body struct {
		Name     string `json:"name" doc:"Lower-case letters, digits, dots and dashes"`
		PEM      string `json:"pem,omitempty" doc:"Private key, not encrypted, with its certificates, leaf first"`
		PKCS12   string `json:"pkcs12,omitempty" doc:"A PKCS#12 file in base64, instead of pem"`
		Password string `json:"password,omitempty" doc:"Of the PKCS#12 file"`
	}
}

func (a *API) importCertificate(ctx context.Context, in *importInput) (*body[Certificate], error) {
	const op = "import certificate"
	b, workspace := in.Body, principal(ctx).Workspace
	switch {
	case (b.PEM == "") == (b.PKCS12 == ""):
		return nil, onepoint.Missing(op, "pem", "give pem or pkcs12, and not both")
	case b.PEM != "":
		return certificateAnswer(a.Certificates.ImportPEM(ctx, workspace, b.Name, []byte(b.PEM)))
	}
	data, err := base64.StdEncoding.DecodeString(b.PKCS12)
	if err != nil {
		return nil, onepoint.Missing(op, "pkcs12", "must be base64")
	}
	return certificateAnswer(a.Certificates.ImportPKCS12(ctx, workspace, b.Name, data, onepoint.Secret(b.Password)))
}

type orderInput struct{ Body CertificateOrder }

func (o CertificateOrder) request() tpp.CertificateRequest {
	return tpp.CertificateRequest{
		Name: o.Name, Type: o.Type, Profile: o.Profile, Algorithm: o.Algorithm, Organisation: o.Organisation, OrgID: o.OrganizationIdentifier,
		Country: o.Country, CommonName: o.CommonName, Roles: o.Roles, DNSNames: o.DNSNames,
	}
}

func (a *API) requestCertificate(ctx context.Context, in *orderInput) (*body[CertificateRequest], error) {
	csr, err := a.Certificates.Request(ctx, principal(ctx).Workspace, in.Body.request())
	if err != nil {
		return nil, err
	}
	return &body[CertificateRequest]{CertificateRequest{in.Body.Name, string(csr)}}, nil
}

func (a *API) issueCertificate(ctx context.Context, in *orderInput) (*body[Certificate], error) {
	return certificateAnswer(a.Certificates.Issue(ctx, principal(ctx).Workspace, in.Body.request()))
}

type installInput struct {
	Name string `path:"name" maxLength:"64"`
	Body struct {
		PEM string `json:"pem" doc:"Certificates without private key, leaf first"`
	}
}

func (a *API) installCertificate(ctx context.Context, in *installInput) (*body[Certificate], error) {
	return certificateAnswer(a.Certificates.Install(ctx, principal(ctx).Workspace, in.Name, []byte(in.Body.PEM)))
}

func (a *API) deleteCertificate(ctx context.Context, in *nameInput) (*none, error) {
	return nil, a.Certificates.Delete(ctx, principal(ctx).Workspace, in.Name)
}

type useInput struct {
	Bank string `path:"bank"`
	Body struct {
		Transport string `json:"transport,omitempty" doc:"Name of the QWAC; the present one stays when absent"`
		Seal      string `json:"seal,omitempty" doc:"Name of the QSEAL; the present one stays when absent"`
	}
}

// useCertificates goes on when the caller leaves: a move is better finished. It
// ends when the program stops.
func (a *API) useCertificates(ctx context.Context, in *useInput) (*body[CertificateMove], error) {
	moving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() {
		select {
		case <-a.Quit:
			cancel()
		case <-moving.Done():
		}
	}()
	m, err := a.Certificates.Use(moving, principal(ctx).Workspace, in.Bank, in.Body.Transport, in.Body.Seal)
	if err != nil {
		return nil, err
	}
	return &body[CertificateMove]{CertificateMove(m)}, nil
}

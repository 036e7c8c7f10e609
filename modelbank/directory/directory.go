package directory

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	maxBody      = 256 << 10
	maxRedirects = 20
)

// Software is one software of an organisation.
type Software struct {
	OrgID        string
	ID           string // base62, at most 22 characters
	Name         string
	RedirectURIs []string
	Roles        []string
	JWKS         []byte // its public keys
	Revoked      []byte // its revoked public keys
	Status       string // Active or Revoked
	Created      time.Time
	Updated      time.Time
}

// Store keeps software.
type Store interface {
	// SaveSoftware writes a software under its organisation and name; it keeps the
	// ID and Created of one that is there, and returns what is stored.
	SaveSoftware(ctx context.Context, s Software) (Software, error)
	// Software finds one. CodeNotFound.
	Software(ctx context.Context, org, id string) (Software, error)
	// SoftwareOf lists an organisation's, by name.
	SoftwareOf(ctx context.Context, org string) ([]Software, error)
	// UpdateSoftware changes roles, redirect URIs, keys and status of one, in a
	// transaction that nobody else changes it in. CodeNotFound; an error of fn changes
	// nothing.
	UpdateSoftware(ctx context.Context, org, id string, fn func(*Software) error) (Software, error)
	// Organisation returns one; one that the directory never heard of is active.
	Organisation(ctx context.Context, id string) (Organisation, error)
	// PutOrganisation writes one.
	PutOrganisation(ctx context.Context, o Organisation) error
	// Standing returns the status of an organisation and of a software of it, in one
	// read. CodeNotFound for a software that is unknown.
	Standing(ctx context.Context, org, software string) (orgStatus, softwareStatus string, err error)
}

// Config is what the directory needs.
type Config struct {
	Issuer  string // iss of its statements
	BaseURL string // https, without /directory
	Key     fapi.SigningKey
	Roots   *x509.CertPool // that QWACs must chain to
	Store   Store
	Now     onepoint.Clock
	NewID   onepoint.IDs
	Log     *slog.Logger
}

// Directory serves everything below /directory/.
type Directory struct{ Config }

// New makes the directory.
func New(c Config) *Directory { return &Directory{c} }

// Handler is the directory's HTTP API.
func (d *Directory) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /directory/software-statements", d.answering(d.issue))
	mux.HandleFunc("GET /directory/jwks", d.answering(d.ownKeys))
	mux.HandleFunc("GET /directory/jwks/{org}/{file}", d.answering(d.softwareKeys))
	d.administration(mux)
	return mux
}

func (d *Directory) answering(h func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		e := fapi.AsOAuthError(err)
		if onepoint.CodeOf(err) == onepoint.CodeNotFound {
			e = &fapi.OAuthError{Code: "not_found", Description: onepoint.MessageOf(err), Status: http.StatusNotFound}
		}
		d.Log.InfoContext(r.Context(), "directory refused", "path", r.URL.Path, "error", e.Code, "cause", err)
		e.Write(w)
	}
}

type request struct {
	Name         string          `json:"software_name"`
	RedirectURIs []string        `json:"redirect_uris"`
	Roles        []string        `json:"roles"`
	JWKS         json.RawMessage `json:"jwks"`
}

type answer struct {
	SoftwareID string `json:"software_id"`
	OrgID      string `json:"org_id"`
	Statement  string `json:"software_statement"`
	JWKSURI    string `json:"jwks_uri"`
}

// issue registers a software, or changes it, and issues its statement.
func (d *Directory) issue(w http.ResponseWriter, r *http.Request) error {
	cert, err := d.organisation(r)
	if err != nil {
		return err
	}
	if _, err := d.active(r.Context(), cert); err != nil {
		return err
	}
	req, err := read(w, r)
	if err != nil {
		return err
	}
	if err := req.check(cert); err != nil {
		return err
	}
	keys, err := publicOnly(req.JWKS)
	if err != nil {
		return err
	}
	now := d.Now()
	s, err := d.Store.SaveSoftware(r.Context(), Software{
		OrgID: cert.Identifier, ID: d.softwareID(), Name: req.Name, RedirectURIs: req.RedirectURIs, Roles: req.Roles,
		JWKS: keys, Revoked: []byte(noKeys), Status: StatusActive, Created: now, Updated: now,
	})
	if err != nil {
		return err
	}
	if s.Status != StatusActive {
		return onepoint.E(onepoint.CodeForbidden, "issue software statement", "the software was revoked; register another under another name", nil)
	}
	statement, err := d.statement(s, cert).Signed(d.Key)
	if err != nil {
		return err
	}
	d.Log.InfoContext(r.Context(), "software statement issued", "organisation", s.OrgID, "software", s.ID)
	return write(w, http.StatusCreated, answer{s.ID, s.OrgID, statement, d.jwksURI(s)})
}

// softwareID makes an identifier of the directory's form: base62, at most 22.
func (d *Directory) softwareID() string {
	id := strings.TrimPrefix(d.NewID("x"), "x_")
	return id[len(id)-22:]
}

func read(w http.ResponseWriter, r *http.Request) (request, error) {
	const op = "read the request"
	var req request
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return req, onepoint.E(onepoint.CodeInvalid, op, "the body is too large or broke off", err)
	}
	if err := json.Unmarshal(body, &req); err != nil {
		return req, onepoint.E(onepoint.CodeInvalid, op, "the body is not the JSON that is expected", err)
	}
	return req, nil
}

// roleOf is the certificate's role that each directory role needs.
func roleOf(role string) eidas.Role {
	switch role {
	case "AISP":
		return eidas.RoleAI
	case "PISP":
		return eidas.RolePI
	case "CBPII":
		return eidas.RoleIC
	}
	return ""
}

func (req request) check(cert eidas.Certificate) error {
	const op = "check the request"
	if cert.Identifier == "" {
		return onepoint.E(onepoint.CodeCertificateInvalid, op, "the certificate names no organisation", nil)
	}
	if req.Name == "" || len(req.Name) > 40 {
		return onepoint.Missing(op, "software_name", "must be 1 to 40 characters")
	}
	if len(req.RedirectURIs) == 0 || len(req.RedirectURIs) > maxRedirects {
		return onepoint.Missing(op, "redirect_uris", "must be 1 to 20 addresses")
	}
	for _, uri := range req.RedirectURIs {
		u, err := url.Parse(uri)
		if err != nil || u.Host == "" || u.Fragment != "" || len(uri) > 256 || u.Scheme != "https" && u.Scheme != "http" {
			return onepoint.Missing(op, "redirect_uris", "must be absolute addresses without fragment")
		}
	}
	if len(req.Roles) == 0 {
		return onepoint.Missing(op, "roles", "must name AISP, PISP or CBPII")
	}
	for _, role := range req.Roles {
		needs := roleOf(role)
		if needs == "" {
			return onepoint.Missing(op, "roles", "may be AISP, PISP and CBPII")
		}
		if !slices.Contains(cert.Roles(), needs) {
			return onepoint.E(onepoint.CodeForbidden, op, "the certificate lacks the role "+string(needs)+" that "+role+" needs", nil)
		}
	}
	return nil
}

// publicOnly keeps the public halves of keys, should someone send private ones.
func publicOnly(jwks []byte) ([]byte, error) {
	set, err := fapi.ParseKeys(jwks)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeInvalid, "read keys", "jwks: "+onepoint.MessageOf(err), err)
	}
	if set.Len() == 0 {
		return nil, onepoint.Missing("read keys", "jwks", "must hold a public RSA or EC key")
	}
	return json.Marshal(set)
}

func (d *Directory) jwksURI(s Software) string {
	return d.BaseURL + "/directory/jwks/" + url.PathEscape(s.OrgID) + "/" + s.ID + ".jwks"
}

func (d *Directory) statement(s Software, cert eidas.Certificate) fapi.SoftwareStatement {
	return fapi.SoftwareStatement{
		Issuer: d.Issuer, IssuedAt: d.Now().Unix(), ID: d.NewID("ssa"),
		SoftwareID: s.ID, SoftwareClientID: s.ID, SoftwareName: s.Name, SoftwareVersion: "1.0", Environment: "sandbox", Mode: "Test",
		JWKSEndpoint: d.jwksURI(s), JWKSRevokedEndpoint: d.revokedURI(s), RedirectURIs: s.RedirectURIs, Roles: s.Roles,
		Authority: fapi.Authority{AuthorityID: cert.Organisation.NCAID(), RegistrationID: cert.Organisation.ID, Status: "Active"},
		OrgStatus: "Active", OrgID: s.OrgID, OrgName: cert.Subject.Organisation,
	}
}

func (d *Directory) ownKeys(w http.ResponseWriter, _ *http.Request) error {
	keys, err := fapi.PublicJWKS(d.Key)
	if err != nil {
		return err
	}
	return writeKeys(w, keys)
}

func (d *Directory) softwareKeys(w http.ResponseWriter, r *http.Request) error {
	file, revoked := strings.CutSuffix(r.PathValue("file"), ".revoked.jwks")
	id, ok := strings.CutSuffix(file, ".jwks")
	if !ok && !revoked {
		return onepoint.E(onepoint.CodeNotFound, "find keys", "there is no such key set", nil)
	}
	s, err := d.Store.Software(r.Context(), r.PathValue("org"), id)
	if err != nil {
		return err
	}
	org, software, err := d.Store.Standing(r.Context(), s.OrgID, s.ID)
	if err != nil {
		return err
	}
	switch gone := org != StatusActive || software != StatusActive; {
	case revoked:
		return writeKeys(w, s.Revoked)
	case gone: // keys of whom the directory does not vouch for verify nothing
		return writeKeys(w, []byte(noKeys))
	}
	return writeKeys(w, s.JWKS)
}

func writeKeys(w http.ResponseWriter, keys []byte) error {
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=60")
	w.Write(keys)
	return nil
}

func write(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(b)
	return nil
}

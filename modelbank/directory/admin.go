package directory

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// The statuses of UK Open Banking's org_status.
const (
	StatusActive    = "Active"
	StatusRevoked   = "Revoked"   // by the directory or an authority
	StatusWithdrawn = "Withdrawn" // by the organisation itself
)

const noKeys = `{"keys":[]}`

// Organisation is one organisation of the directory.
type Organisation struct {
	ID      string
	Name    string
	Status  string
	Updated time.Time
}

// administration mounts what an organisation does with its own certificate.
func (d *Directory) administration(mux *http.ServeMux) {
	mux.HandleFunc("GET /directory/organisation", d.answering(d.showOrganisation))
	mux.HandleFunc("DELETE /directory/organisation", d.answering(d.setStatus(StatusWithdrawn)))
	mux.HandleFunc("POST /directory/organisation/reinstatement", d.answering(d.setStatus(StatusActive)))
	mux.HandleFunc("GET /directory/software/{id}", d.answering(d.showSoftware))
	mux.HandleFunc("PUT /directory/software/{id}", d.answering(d.changeSoftware))
	mux.HandleFunc("DELETE /directory/software/{id}", d.answering(d.revokeSoftware))
	mux.HandleFunc("POST /directory/software/{id}/statement", d.answering(d.reissue))
	mux.HandleFunc("DELETE /directory/software/{id}/keys/{kid}", d.answering(d.revokeKey))
}

// organisation judges the caller's certificate: a QWAC that names one.
func (d *Directory) organisation(r *http.Request) (eidas.Certificate, error) {
	const op = "check certificate"
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return eidas.Certificate{}, onepoint.E(onepoint.CodeCertificateInvalid, op, "a QWAC is required", nil)
	}
	chain := r.TLS.PeerCertificates
	cert, err := eidas.Verify(chain[0], chain[1:], d.Roots, d.Now(), eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient})
	if err == nil && cert.Identifier == "" {
		err = onepoint.E(onepoint.CodeCertificateInvalid, op, "the certificate names no organisation", nil)
	}
	return cert, err
}

// active is the caller's organisation, which must be in good standing.
func (d *Directory) active(ctx context.Context, cert eidas.Certificate) (Organisation, error) {
	o, err := d.Store.Organisation(ctx, cert.Identifier)
	if err == nil && o.Status != StatusActive {
		err = onepoint.E(onepoint.CodeForbidden, "check organisation", "the organisation is "+o.Status+" at this directory", nil)
	}
	return o, err
}

// SetOrganisation records an organisation's standing: what an authority decides.
// It holds for the next registration, token and refresh at a bank that asks.
// CodeInvalid for a status that is none.
func (d *Directory) SetOrganisation(ctx context.Context, id, name, status string) error {
	if !slices.Contains([]string{StatusActive, StatusRevoked, StatusWithdrawn}, status) {
		return onepoint.Missing("set organisation", "status", "must be Active, Revoked or Withdrawn")
	}
	err := d.Store.PutOrganisation(ctx, Organisation{ID: id, Name: name, Status: status, Updated: d.Now()})
	if err == nil {
		d.Log.InfoContext(ctx, "organisation changed", "organisation", id, "status", status)
	}
	return err
}

// Standing says whether the directory vouches for a software and its
// organisation now. CodeForbidden when it does not.
func (d *Directory) Standing(ctx context.Context, org, software string) error {
	const op = "check standing"
	o, s, err := d.Store.Standing(ctx, org, software)
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeNotFound:
		return onepoint.E(onepoint.CodeForbidden, op, "the software is unknown", nil)
	case err != nil:
		return err
	case o != StatusActive:
		return onepoint.E(onepoint.CodeForbidden, op, "the organisation is "+o, nil)
	case s != StatusActive:
		return onepoint.E(onepoint.CodeForbidden, op, "the software is "+s, nil)
	}
	return nil
}

// setStatus lets an organisation withdraw, and come back; one that an authority
// revoked cannot.
func (d *Directory) setStatus(status string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		cert, err := d.organisation(r)
		if err != nil {
			return err
		}
		o, err := d.Store.Organisation(r.Context(), cert.Identifier)
		if err != nil {
			return err
		}
		if o.Status == StatusRevoked {
			return onepoint.E(onepoint.CodeForbidden, "set organisation", "the organisation was revoked; only the directory can reinstate it", nil)
		}
		if err := d.SetOrganisation(r.Context(), cert.Identifier, cert.Subject.Organisation, status); err != nil {
			return err
		}
		return d.showOrganisation(w, r)
	}
}

type softwareView struct {
	ID           string          `json:"software_id"`
	Name         string          `json:"software_name"`
	Status       string          `json:"status"`
	RedirectURIs []string        `json:"redirect_uris"`
	Roles        []string        `json:"roles"`
	JWKS         json.RawMessage `json:"jwks"`
	Revoked      json.RawMessage `json:"jwks_revoked"`
	JWKSURI      string          `json:"jwks_uri"`
}

func (d *Directory) view(s Software) softwareView {
	return softwareView{s.ID, s.Name, s.Status, s.RedirectURIs, s.Roles, s.JWKS, s.Revoked, d.jwksURI(s)}
}

func (d *Directory) showOrganisation(w http.ResponseWriter, r *http.Request) error {
	cert, err := d.organisation(r)
	if err != nil {
		return err
	}
	o, err := d.Store.Organisation(r.Context(), cert.Identifier)
	if err != nil {
		return err
	}
	list, err := d.Store.SoftwareOf(r.Context(), cert.Identifier)
	if err != nil {
		return err
	}
	views := []softwareView{}
	for _, s := range list {
		views = append(views, d.view(s))
	}
	return write(w, http.StatusOK, map[string]any{
		"org_id": o.ID, "org_name": cert.Subject.Organisation, "status": o.Status, "roles": cert.Roles(), "software": views,
	})
}

func (d *Directory) showSoftware(w http.ResponseWriter, r *http.Request) error {
	cert, err := d.organisation(r)
	if err != nil {
		return err
	}
	s, err := d.Store.Software(r.Context(), cert.Identifier, r.PathValue("id"))
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, d.view(s))
}

// changeSoftware replaces roles, redirect URIs and keys.
func (d *Directory) changeSoftware(w http.ResponseWriter, r *http.Request) error {
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
	return d.change(w, r, cert.Identifier, func(s *Software) error {
		s.RedirectURIs, s.Roles, s.JWKS = req.RedirectURIs, req.Roles, keys
		return s.live()
	})
}

func (s *Software) live() error {
	if s.Status != StatusActive {
		return onepoint.E(onepoint.CodeForbidden, "change software", "the software was revoked", nil)
	}
	return nil
}

// change writes a software of the caller's and answers with what it is then.
func (d *Directory) change(w http.ResponseWriter, r *http.Request, org string, fn func(*Software) error) error {
	s, err := d.Store.UpdateSoftware(r.Context(), org, r.PathValue("id"), func(s *Software) error {
		s.Updated = d.Now()
		return fn(s)
	})
	if err != nil {
		return err
	}
	d.Log.InfoContext(r.Context(), "software changed", "organisation", org, "software", s.ID, "status", s.Status)
	return write(w, http.StatusOK, d.view(s))
}

// revokeSoftware ends a software for good; its keys are revoked with it.
func (d *Directory) revokeSoftware(w http.ResponseWriter, r *http.Request) error {
	cert, err := d.organisation(r)
	if err != nil {
		return err
	}
	return d.change(w, r, cert.Identifier, func(s *Software) error {
		s.Status = StatusRevoked
		return nil
	})
}

// revokeKey moves one key to the revoked ones.
func (d *Directory) revokeKey(w http.ResponseWriter, r *http.Request) error {
	cert, err := d.organisation(r)
	if err != nil {
		return err
	}
	return d.change(w, r, cert.Identifier, func(s *Software) error {
		var keys, revoked keySet
		if err := json.Unmarshal(s.JWKS, &keys); err != nil {
			return err
		}
		if err := json.Unmarshal(s.Revoked, &revoked); err != nil {
			return err
		}
		at := slices.IndexFunc(keys.Keys, func(k json.RawMessage) bool { return kidOf(k) == r.PathValue("kid") })
		if at < 0 {
			return onepoint.E(onepoint.CodeNotFound, "revoke key", "the software has no such key", nil)
		}
		revoked.Keys, keys.Keys = append(revoked.Keys, keys.Keys[at]), slices.Delete(keys.Keys, at, at+1)
		if s.JWKS, err = json.Marshal(keys); err != nil {
			return err
		}
		s.Revoked, err = json.Marshal(revoked)
		return err
	})
}

type keySet struct {
	Keys []json.RawMessage `json:"keys"`
}

func kidOf(key json.RawMessage) string {
	var k struct {
		KeyID string `json:"kid"`
	}
	if json.Unmarshal(key, &k) != nil {
		return ""
	}
	return k.KeyID
}

// reissue issues a fresh statement for a software as it is.
func (d *Directory) reissue(w http.ResponseWriter, r *http.Request) error {
	cert, err := d.organisation(r)
	if err != nil {
		return err
	}
	if _, err := d.active(r.Context(), cert); err != nil {
		return err
	}
	s, err := d.Store.Software(r.Context(), cert.Identifier, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.live(); err != nil {
		return err
	}
	for _, role := range s.Roles {
		if !cert.Has(roleOf(role)) {
			return onepoint.E(onepoint.CodeForbidden, "issue software statement", "the certificate no longer has the role that "+role+" needs", nil)
		}
	}
	statement, err := d.statement(s, cert).Signed(d.Key)
	if err != nil {
		return err
	}
	return write(w, http.StatusCreated, answer{s.ID, s.OrgID, statement, d.jwksURI(s)})
}

func (d *Directory) revokedURI(s Software) string {
	return d.BaseURL + "/directory/jwks/" + url.PathEscape(s.OrgID) + "/" + s.ID + ".revoked.jwks"
}

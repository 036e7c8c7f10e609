package as

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

func oauth(status int, code, description string) error {
	return &fapi.OAuthError{Code: code, Description: description, Status: status}
}

func badRequest(description string) error {
	return oauth(http.StatusBadRequest, "invalid_request", description)
}

func invalidClient(description string) error {
	return oauth(http.StatusUnauthorized, "invalid_client", description)
}

func invalidGrant(description string) error {
	return oauth(http.StatusBadRequest, "invalid_grant", description)
}

// caller is an authenticated client and the certificate it came with.
type caller struct {
	Client
	cert       eidas.Certificate
	thumbprint string
}

// form reads a form body, in which no parameter may come twice (RFC 6749
// section 3.2).
func form(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, badRequest("the form is malformed or too large")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return nil, badRequest(name + " comes twice")
		}
	}
	return r.PostForm, nil
}

// presented is what a client shows of itself: whom it says it is, and the proofs
// beside its certificate.
type presented struct {
	id        string
	secret    string
	basic     bool // it came with an Authorization header
	assertion string
}

// presents reads what a client shows. One that sends no client_id is found by
// the sub of its assertion.
func presents(r *http.Request, f url.Values) (presented, error) {
	p := presented{id: f.Get("client_id"), assertion: f.Get("client_assertion")}
	id, secret, basic, err := basicAuth(r)
	switch {
	case err != nil:
		return p, err
	case basic && p.id != "" && p.id != id:
		return p, invalidClient("client_id is another than the one of the Authorization header")
	case basic:
		p.id, p.secret, p.basic = id, secret, true
	case p.id == "" && p.assertion != "":
		var claims struct {
			Subject string `json:"sub"`
		}
		if err := fapi.DecodeUnverified(p.assertion, &claims); err != nil {
			return p, invalidClient("client_assertion: " + onepoint.MessageOf(err))
		}
		p.id = claims.Subject
	}
	return p, nil
}

// authenticate finds out which client calls: by the certificate of the
// connection, and by what it registered: private_key_jwt, tls_client_auth or
// client_secret_basic. The directory must still vouch for it.
func (s *Server) authenticate(r *http.Request, f url.Values) (caller, error) {
	ctx := r.Context()
	cert, thumbprint, err := s.certificate(r)
	if err != nil {
		return caller{}, err
	}
	shown, err := presents(r, f)
	if err != nil {
		return caller{}, err
	}
	client, err := s.Store.Client(ctx, shown.id)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return caller{}, invalidClient("the client is unknown")
	}
	if err != nil {
		return caller{}, err
	}
	if cert.Identifier != client.OrgID {
		return caller{}, invalidClient("the client certificate belongs to another organisation")
	}
	if err := s.prove(ctx, client, shown, cert, f); err != nil {
		return caller{}, err
	}
	return caller{client, cert, thumbprint}, s.standing(ctx, client.OrgID, client.SoftwareID)
}

// prove checks the proof that the client registered, and that it sent no other.
func (s *Server) prove(ctx context.Context, client Client, shown presented, cert eidas.Certificate, f url.Values) error {
	method := client.Metadata.TokenAuthMethod
	if shown.basic != (method == "client_secret_basic") || shown.assertion != "" && method != "private_key_jwt" {
		return invalidClient("authenticate as registered, and in no other way beside it")
	}
	switch method {
	case "client_secret_basic":
		if !s.SecretClients || len(client.SecretHash) == 0 || subtle.ConstantTimeCompare(hash(shown.secret), client.SecretHash) != 1 {
			return invalidClient("the client's secret is wrong")
		}
		return nil
	case "private_key_jwt":
		return s.checkAssertion(ctx, client, f)
	case "tls_client_auth":
		if !sameName(client.Metadata.TLSClientAuthSubjectDN, cert.Leaf) {
			return invalidClient("the certificate's subject is not the registered one")
		}
		return nil
	}
	return invalidClient("the client has no way to authenticate")
}

// standing asks the directory whether it still vouches for the software.
func (s *Server) standing(ctx context.Context, org, software string) error {
	if s.Standing == nil {
		return nil
	}
	err := s.Standing(ctx, org, software)
	if onepoint.CodeOf(err) == onepoint.CodeForbidden {
		return invalidClient("the directory: " + onepoint.MessageOf(err))
	}
	return err
}

// basicAuth reads the client's id and secret of RFC 6749 section 2.3.1, which
// are form-encoded inside the header.
func basicAuth(r *http.Request) (id, secret string, ok bool, err error) {
	if r.Header.Get("Authorization") == "" {
		return "", "", false, nil
	}
	user, password, ok := r.BasicAuth()
	if !ok {
		return "", "", false, invalidClient("the Authorization header is malformed")
	}
	id, err1 := url.QueryUnescape(user)
	secret, err2 := url.QueryUnescape(password)
	if err1 != nil || err2 != nil {
		return "", "", false, invalidClient("the Authorization header is malformed")
	}
	return id, secret, true, nil
}

func (s *Server) checkAssertion(ctx context.Context, client Client, f url.Values) error {
	assertion := f.Get("client_assertion")
	if assertion == "" || f.Get("client_assertion_type") != fapi.AssertionType {
		return invalidClient("a client_assertion is required")
	}
	audiences := []string{s.Issuer, s.url("/as/token"), s.url("/as/par")}
	var jti string
	var expires time.Time
	err := s.withKeys(ctx, client.Statement.JWKSEndpoint, func(keys keySet) error {
		var err error
		jti, expires, err = fapi.VerifyClientAssertion(assertion, client.ID, keys, audiences, s.Now())
		return err
	})
	if code := onepoint.CodeOf(err); code == onepoint.CodeInvalid || code == onepoint.CodeSignatureInvalid {
		return invalidClient("client_assertion: " + onepoint.MessageOf(err))
	}
	if err != nil {
		return err
	}
	err = s.Store.UseNonce(ctx, "assertion|"+client.ID, jti, s.Now(), expires.Add(time.Minute))
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return invalidClient("client_assertion: its jti was used before")
	}
	return err
}

// withKeys verifies with a published key set, and once more with a fresh copy
// when the signature does not fit: the signer may have rotated its key.
func (s *Server) withKeys(ctx context.Context, url string, verify func(keySet) error) error {
	keys, err := s.keys.Keys(ctx, url)
	if err != nil {
		return err
	}
	err = verify(keys)
	if onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid {
		return err
	}
	if keys, err2 := s.keys.Fresh(ctx, url); err2 == nil {
		return verify(keys)
	}
	return err
}

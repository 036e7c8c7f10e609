package bunq

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// scopeUser begins the scope of a grant: whose session it is, which bunq wants in
// every path.
const scopeUser = "user/"

// Authorize implements onepoint.Connector. For access and funds bunq has no
// consent to lodge: the user is sent to OAuth, and the consent's id is bound to
// the state. A payment is lodged, and its user sent to accept it.
func (c *Connector) Authorize(ctx context.Context, in onepoint.Intent) (onepoint.Authorization, error) {
	switch p := in.Purpose.(type) {
	case onepoint.Access, onepoint.Funds:
		return c.askForAccess(in)
	case onepoint.Payment:
		return c.lodgePayment(ctx, in, p)
	}
	return onepoint.Authorization{}, onepoint.E(onepoint.CodeInvalid, "ask for consent", "bunq is asked for access, payments and funds only", nil)
}

func (c *Connector) askForAccess(in onepoint.Intent) (onepoint.Authorization, error) {
	u, err := url.Parse(c.env.Profile.Endpoints.Authorize)
	if err != nil || u.Scheme != "https" {
		return onepoint.Authorization{}, onepoint.Missing("ask for consent", "endpoints.authorize", "must be an https address")
	}
	u.RawQuery = url.Values{
		"response_type": {"code"}, "client_id": {c.env.Client.ID}, "redirect_uri": {in.RedirectURI}, "state": {in.State},
	}.Encode()
	return onepoint.Authorization{Phase: onepoint.PhaseAwaitingUser, ConsentID: consentOf(in.State), Redirect: u.String()}, nil
}

// consentOf names a consent at a bank that has no name for it.
func consentOf(state string) string {
	sum := sha256.Sum256([]byte("bunq consent " + state))
	return "bunq-" + hex.EncodeToString(sum[:16])
}

// Resume implements onepoint.Connector.
func (c *Connector) Resume(ctx context.Context, in onepoint.Intent, cb onepoint.Callback) (onepoint.Authorization, error) {
	if err := c.checkCallback(in, cb.Params); err != nil {
		return onepoint.Authorization{}, err
	}
	if p, ok := in.Purpose.(onepoint.Payment); ok {
		return c.resumePayment(ctx, in, p)
	}
	if !same(in.ConsentID, consentOf(in.State)) {
		return onepoint.Authorization{}, foreign("it belongs to another consent")
	}
	if reason := cb.Params.Get("error"); reason != "" {
		return c.notGiven(in, reason)
	}
	code := cb.Params.Get("code")
	if code == "" {
		return onepoint.Authorization{}, foreign("it holds no code")
	}
	access, err := c.exchange(ctx, code, in)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	grant, err := c.grant(ctx, in.ConsentID, access)
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeRateLimited, onepoint.CodeUnavailable:
		// The code is spent and the access token must not be lost: a grant that has
		// ended is renewed before it is used.
		grant = onepoint.Grant{ConsentID: in.ConsentID, RefreshToken: access, Expires: c.env.Now().UTC()}
	case onepoint.CodeUnauthenticated:
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, "finish the consent", "bunq does not take the access that it just gave", err)
	default:
		return onepoint.Authorization{}, err
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAuthorised, ConsentID: in.ConsentID, Grant: grant}, nil
}

func foreign(why string) error {
	return onepoint.E(onepoint.CodeProtocol, "read bunq's answer to the consent", "bunq's answer does not belong to this consent: "+why, nil)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// checkCallback holds the answer against what was asked.
func (c *Connector) checkCallback(in onepoint.Intent, params url.Values) error {
	for _, values := range params {
		if len(values) != 1 {
			return foreign("a parameter is repeated")
		}
	}
	if in.State == "" || !same(params.Get("state"), in.State) {
		return foreign("the state differs")
	}
	if params.Has("iss") && !same(params.Get("iss"), c.env.Profile.Endpoints.Issuer) {
		return foreign("it comes from another issuer")
	}
	return nil
}

func (c *Connector) notGiven(in onepoint.Intent, reason string) (onepoint.Authorization, error) {
	switch reason {
	case "access_denied":
		return onepoint.Authorization{Phase: onepoint.PhaseRefused, ConsentID: in.ConsentID, Reason: "you did not agree to share at bunq"}, nil
	case "server_error", "temporarily_unavailable":
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeUnavailable, "finish the consent", "bunq has trouble of its own; start again", nil)
	}
	return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, "finish the consent", "bunq did not take the request for consent", nil)
}

// exchange turns the code into the access token. bunq takes everything in the
// query and nothing in the body.
func (c *Connector) exchange(ctx context.Context, code string, in onepoint.Intent) (string, error) {
	const op = "exchange the code"
	q := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {in.RedirectURI},
		"client_id": {c.env.Client.ID}, "client_secret": {c.env.Credential.ClientSecret.Reveal()},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.env.Profile.Endpoints.Token+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return "", onepoint.E(onepoint.CodeInvalid, op, "endpoints.token must be an https address", withoutAddress(err))
	}
	req.Header.Set("User-Agent", userAgent)
	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		State       string `json:"state"`
	}
	err = fapi.Do(c.env.HTTP, op, req, &answer)
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeConsentExpired:
		return "", onepoint.E(onepoint.CodeConflict, op, "bunq's answer was used before or is too old; start again", err)
	default:
		e := onepoint.E("", op, "", err)
		e.Err = withoutAddress(err)
		return "", e
	}
	if answer.AccessToken == "" || !strings.EqualFold(answer.TokenType, "bearer") || answer.State != "" && !same(answer.State, in.State) {
		return "", onepoint.E(onepoint.CodeProtocol, op, "bunq's answer holds no access token for this consent", nil)
	}
	return answer.AccessToken, nil
}

// grant opens a session for the access token, which is an API key.
func (c *Connector) grant(ctx context.Context, consent, access string) (onepoint.Grant, error) {
	s, err := c.api.openSession(ctx, c.installation(), access)
	if err != nil {
		return onepoint.Grant{}, err
	}
	return onepoint.Grant{
		ConsentID: consent, AccessToken: s.token, RefreshToken: access, Scope: scopeUser + s.user,
		Expires: c.env.Now().Add(s.timeout).UTC(),
	}, nil
}

// Refresh implements onepoint.Refresher: it opens a new session.
// [onepoint.CodeConsentExpired] when the user has revoked the access.
func (c *Connector) Refresh(ctx context.Context, g onepoint.Grant) (onepoint.Grant, error) {
	next, err := c.grant(ctx, g.ConsentID, g.RefreshToken)
	if onepoint.CodeOf(err) == onepoint.CodeUnauthenticated {
		return next, onepoint.E(onepoint.CodeConsentExpired, "renew the session", "the access at bunq has ended; connect the bank again", err)
	}
	return next, err
}

// asUser makes a call under a grant; path follows the user.
func (c *Connector) asUser(ctx context.Context, g onepoint.Grant, r request) (envelope, error) {
	user, ok := strings.CutPrefix(g.Scope, scopeUser)
	if !ok || !isNumber(user) || g.AccessToken == "" {
		return envelope{}, onepoint.E(onepoint.CodeTokenInvalid, r.op, "the session has to be renewed", nil)
	}
	r.token, r.path = g.AccessToken, "/user/"+user+r.path
	return c.api.call(ctx, r)
}

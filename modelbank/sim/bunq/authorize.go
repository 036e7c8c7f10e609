package bunq

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// codeLife is how long an authorization code may be exchanged.
const codeLife = 10 * time.Minute

// visitData is what a visit to the pages is about: access or one payment.
type visitData struct {
	Client      int64   `json:"client,omitempty"`
	RedirectURI string  `json:"redirectUri,omitempty"`
	State       string  `json:"state,omitempty"`
	Drafts      []int64 `json:"drafts,omitempty"` // payments that go with the access
	Issuer      int64   `json:"issuer,omitempty"`
}

func pageRefused(msg string) error {
	return onepoint.E(onepoint.CodeInvalid, "ask for access", msg, nil)
}

// authorize checks the request and sends the browser to the login page. Faults
// in the client or the address are told here: nobody is redirected to an address
// that was not registered.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) error {
	q, ctx := r.URL.Query(), r.Context()
	for name, values := range q {
		if len(values) > 1 {
			return pageRefused("The parameter " + name + " is repeated.")
		}
	}
	o, err := s.activeClient(ctx, q.Get("client_id"))
	if err != nil {
		return unless(err, pageRefused("This application is not known to bunq."))
	}
	redirect := q.Get("redirect_uri")
	if !slices.ContainsFunc(o.Callbacks, func(cb callback) bool { return cb.URL == redirect }) {
		return pageRefused("The redirect_uri is not registered for this application.")
	}
	if q.Get("response_type") != "code" {
		http.Redirect(w, r, back(redirect, q.Get("state"), url.Values{"error": {"unsupported_response_type"}}), http.StatusSeeOther)
		return nil
	}
	p, err := s.providers.Get(ctx, key(o.Provider))
	if err != nil {
		return err
	}
	return s.beginAccess(w, r, p, visitData{Client: o.ID, RedirectURI: redirect, State: q.Get("state")})
}

// beginAccess shows what is asked, with the provider's payments that wait for a
// user.
func (s *Server) beginAccess(w http.ResponseWriter, r *http.Request, p provider, data visitData) error {
	lines := []sim.Line{
		{Label: "Read", Value: "Your accounts, balances and payments"},
		{Label: "Prepare", Value: "Payments and requests, which you accept yourself"},
		{Label: "Until", Value: "You revoke it"},
	}
	waiting, err := s.waitingDrafts(r.Context(), p.ID)
	if err != nil {
		return err
	}
	for _, d := range waiting {
		data.Drafts = append(data.Drafts, d.ID)
		lines = append(lines, sim.Line{Label: "Pay from " + onepoint.MaskIdentifier(d.SenderIBAN), Value: d.Order.Amount.String() + " to " + d.Order.Creditor.Name})
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.pages.Begin(w, r, sim.Visit{TPP: p.Name, Title: "Share your accounts", Lines: lines, Choose: "many", Data: encoded})
}

func (s *Server) activeClient(ctx context.Context, clientID string) (oauthClient, error) {
	id, err := s.clientIDs.Get(ctx, clientID)
	if err != nil {
		return oauthClient{}, err
	}
	o, err := s.clients.Get(ctx, key(id))
	if err == nil && o.Status != statusActive {
		err = onepoint.E(onepoint.CodeNotFound, "find client", "", nil)
	}
	return o, err
}

// back is the address that the browser returns to.
func back(redirect, state string, params url.Values) string {
	u, err := url.Parse(redirect)
	if err != nil {
		return redirect // was checked when it was registered
	}
	q := u.Query()
	for name, values := range params {
		q[name] = values
	}
	if state != "" {
		q.Set("state", state)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// decide records how a visit ended.
func (s *Server) decide(ctx context.Context, v sim.Visit, d sim.Decision) (string, error) {
	var data visitData
	if err := json.Unmarshal(v.Data, &data); err != nil {
		return "", err
	}
	if data.Issuer != 0 {
		return s.decidePayment(ctx, data.Issuer, d)
	}
	if !d.Approved {
		return back(data.RedirectURI, data.State, url.Values{
			"error": {"access_denied"}, "error_description": {"The user did not give access."},
		}), nil
	}
	o, err := s.clients.Get(ctx, key(data.Client))
	if err != nil {
		return "", err
	}
	g, err := s.newGrant(ctx, o.Provider, v.Customer.Name, d)
	if err != nil {
		return "", err
	}
	for _, id := range data.Drafts {
		if err := s.acceptPSPDraft(ctx, id, d.Customer); err != nil {
			return "", err
		}
	}
	token := newToken()
	row := code{Grant: g.ID, ClientID: o.ClientID, RedirectURI: data.RedirectURI, State: data.State, Expires: s.now().Add(codeLife)}
	if err := s.codes.Add(ctx, digest(token), "", row); err != nil {
		return "", err
	}
	return back(data.RedirectURI, data.State, url.Values{"code": {token}}), nil
}

func (s *Server) newGrant(ctx context.Context, provider int64, name string, d sim.Decision) (grant, error) {
	user, err := s.numberOf(ctx, userKind, d.Customer)
	if err != nil {
		return grant{}, err
	}
	id, err := s.next(ctx, userKind)
	if err != nil {
		return grant{}, err
	}
	g := grant{ID: id, Provider: provider, Customer: d.Customer, User: user, Name: name, Accounts: d.Accounts, Created: s.now()}
	return g, s.grants.Add(ctx, key(id), d.Customer, g)
}

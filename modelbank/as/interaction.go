package as

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
)

// How long a customer may take (RTS 2018/389 article 4(3)(d)).
const (
	interactionIdle = 5 * time.Minute
	interactionLife = 15 * time.Minute
)

// Where the bank's own pages lead after the login.
const (
	ownConsents = "consents"
	ownPhone    = "phone"
)

// interaction is a customer's way through the pages, for a TPP or, with Own, at
// the bank itself. It is kept in the store, so that a restart of the bank does
// not lose a customer on the way.
type interaction struct {
	Request  authorization `json:"request,omitzero"`
	Own      string        `json:"own,omitempty"`
	Browser  []byte        `json:"browser"` // hash of the cookie of the browser that began
	CSRF     string        `json:"csrf"`
	Customer Customer      `json:"customer"` // zero before the login
	Began    time.Time     `json:"began"`
	AuthTime int64         `json:"authTime,omitempty"`
	Passed   bool          `json:"passed,omitempty"` // the second factor was given, or was not needed
	Strong   bool          `json:"strong,omitempty"` // it was given
	Shown    []byte        `json:"shown,omitempty"`  // digest of the intent that the page of the second factor showed
	Bound    []byte        `json:"bound,omitempty"`  // digest of the intent that the second factor approved
	Waiting  []byte        `json:"waiting,omitempty"`

	hash []byte // of its handle
	id   string // its handle
}

// acr is the authentication context that was reached.
func (i interaction) acr() string { return i.Request.acr(i.Strong) }

// cookieName differs per interaction, so that two of them in one browser do not
// disturb each other.
func cookieName(h []byte) string { return "__Secure-bank-" + hex.EncodeToString(h[:6]) }

// beginInteraction sends the browser to the login.
func (s *Server) beginInteraction(w http.ResponseWriter, r *http.Request, i interaction) error {
	secret, secretHash := handle("")
	i.id, i.hash = handle("")
	i.CSRF, _ = handle("")
	i.Browser, i.Began = secretHash, s.Now()
	if err := s.keepInteraction(r.Context(), i); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(i.hash), Value: secret, Path: "/as", MaxAge: int(interactionLife / time.Second),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/as/login?i="+i.id, http.StatusSeeOther)
	return nil
}

// keepInteraction writes what is known, good for the idle time from now and
// never longer than the whole.
func (s *Server) keepInteraction(ctx context.Context, i interaction) error {
	data, err := json.Marshal(i)
	if err != nil {
		return err
	}
	expires := s.Now().Add(interactionIdle)
	if end := i.Began.Add(interactionLife); end.Before(expires) {
		expires = end
	}
	if i.Own != "" {
		return s.Store.PutSession(ctx, Session{Kind: SessionVisit, Hash: i.hash, Customer: i.Customer.ID, Data: data, Expires: expires})
	}
	return s.Store.PutRecords(ctx, Record{
		Kind: KindInteraction, Hash: i.hash, ClientID: i.Request.ClientID, ConsentID: i.Request.ConsentID, Data: data, Expires: expires,
	})
}

// interaction finds the customer's, in the browser that began it.
func (s *Server) interaction(r *http.Request) (interaction, error) {
	gone := badRequest("this page has expired or was finished already; return to where you came from and start again")
	id := r.URL.Query().Get("i")
	i := interaction{hash: hash(id), id: id}
	data, live, err := s.findInteraction(r.Context(), i.hash)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound || err == nil && !live {
		return i, gone
	}
	if err != nil {
		return i, err
	}
	if err := json.Unmarshal(data, &i); err != nil {
		return i, err
	}
	cookie, err := r.Cookie(cookieName(i.hash))
	if err != nil || subtle.ConstantTimeCompare(hash(cookie.Value), i.Browser) != 1 {
		return i, oauth(http.StatusForbidden, "access_denied", "this page belongs to another browser, or cookies are blocked; return to where you came from and start again")
	}
	return i, nil
}

func (s *Server) findInteraction(ctx context.Context, h []byte) (data []byte, live bool, err error) {
	record, err := s.Store.Record(ctx, KindInteraction, h)
	if err == nil {
		return record.Data, !record.Spent && s.Now().Before(record.Expires), nil
	}
	if onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return nil, false, err
	}
	visit, err := s.Store.Session(ctx, SessionVisit, h)
	return visit.Data, !visit.Spent && s.Now().Before(visit.Expires), err
}

// submitted is the interaction of a form that its own page sent.
func (s *Server) submitted(r *http.Request) (interaction, error) {
	i, err := s.interaction(r)
	if err != nil {
		return i, err
	}
	return i, checkCSRF(r, i.CSRF)
}

func checkCSRF(r *http.Request, want string) error {
	if err := r.ParseForm(); err != nil {
		return badRequest("the form is malformed")
	}
	if want == "" || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf")), []byte(want)) != 1 {
		return oauth(http.StatusForbidden, "access_denied", "this form was not sent from this bank's page; go back and try again")
	}
	return nil
}

// step is the page that the interaction stands at.
func (i interaction) step() string {
	switch {
	case i.Customer.ID == "":
		return "/as/login?i=" + i.id
	case !i.Passed && i.Waiting != nil:
		return "/as/wait?i=" + i.id
	case !i.Passed:
		return "/as/factor?i=" + i.id
	case i.Own == ownPhone:
		return "/as/phone"
	case i.Own == ownConsents:
		return "/as/consents?i=" + i.id
	}
	return "/as/consent?i=" + i.id
}

// proceed sends the browser to where the interaction stands.
func (s *Server) proceed(w http.ResponseWriter, r *http.Request, i interaction) error {
	http.Redirect(w, r, i.step(), http.StatusSeeOther)
	return nil
}

// intent is what the TPP asks for; the zero Intent at the bank's own pages.
func (s *Server) intent(ctx context.Context, i interaction) (Intent, error) {
	if i.Own != "" {
		return Intent{}, nil
	}
	return s.Journey.Intent(ctx, i.Request.ClientID, i.Request.ConsentID)
}

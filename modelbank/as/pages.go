package as

import (
	"bytes"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// interaction is a user's way through the pages. It is kept in the store, so
// that a restart of the bank does not lose a user on the way.
type interaction struct {
	Request  authorization `json:"request"`
	Browser  []byte        `json:"browser"` // hash of the cookie of the browser that began
	CSRF     string        `json:"csrf"`
	Customer Customer      `json:"customer"` // zero before the login

	hash []byte // of its handle
	id   string // its handle
}

// page adapts a handler of a page: its error is a page.
func (s *Server) page(h func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cache-Control", "no-store")
		if err := h(w, r); err != nil {
			s.failed(w, r, err)
		}
	}
}

func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	status, text := http.StatusInternalServerError, onepoint.MessageOf(err)
	var e *fapi.OAuthError
	if errors.As(err, &e) {
		status, text = e.Status, e.Description
	} else if code := onepoint.CodeOf(err); code != onepoint.CodeInternal {
		status = fapi.AsOAuthError(err).Status
	}
	s.Log.WarnContext(r.Context(), "page refused", "path", r.URL.Path, "status", status, "cause", err)
	s.show(w, r, status, "error.html", map[string]any{"Message": text})
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, name string, data map[string]any) {
	data["Bank"] = s.BankName
	var page bytes.Buffer
	if err := s.pages.ExecuteTemplate(&page, name, data); err != nil {
		s.Log.ErrorContext(r.Context(), "render page", "page", name, "error", err)
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}

func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	s.page(func(w http.ResponseWriter, r *http.Request) error {
		s.show(w, r, http.StatusOK, "front.html", map[string]any{"Issuer": s.Issuer})
		return nil
	})(w, r)
}

// cookieName differs per interaction, so that two of them in one browser do not
// disturb each other.
func cookieName(h []byte) string { return "__Secure-bank-" + hex.EncodeToString(h[:6]) }

func (s *Server) beginInteraction(w http.ResponseWriter, r *http.Request, a authorization) error {
	id, h := handle("")
	secret, secretHash := handle("")
	csrf, _ := handle("")
	i := interaction{Request: a, Browser: secretHash, CSRF: csrf, hash: h, id: id}
	if err := s.keepInteraction(r, i); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(h), Value: secret, Path: "/as", MaxAge: int(interactionLife / time.Second),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/as/login?i="+id, http.StatusSeeOther)
	return nil
}

func (s *Server) keepInteraction(r *http.Request, i interaction) error {
	data, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return s.Store.PutRecords(r.Context(), Record{
		Kind: KindInteraction, Hash: i.hash, ClientID: i.Request.ClientID, ConsentID: i.Request.ConsentID,
		Data: data, Expires: s.Now().Add(interactionLife),
	})
}

// interaction finds the user's, in the browser that began it.
func (s *Server) interaction(r *http.Request) (interaction, error) {
	gone := badRequest("this page has expired or was finished already; return to the application and start again")
	id := r.URL.Query().Get("i")
	i := interaction{hash: hash(id), id: id}
	record, err := s.Store.Record(r.Context(), KindInteraction, i.hash)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return i, gone
	}
	if err != nil {
		return i, err
	}
	if record.Spent || !s.Now().Before(record.Expires) {
		return i, gone
	}
	if err := json.Unmarshal(record.Data, &i); err != nil {
		return i, err
	}
	cookie, err := r.Cookie(cookieName(i.hash))
	if err != nil || subtle.ConstantTimeCompare(hash(cookie.Value), i.Browser) != 1 {
		return i, oauth(http.StatusForbidden, "access_denied", "this page belongs to another browser, or cookies are blocked; return to the application and start again")
	}
	return i, nil
}

// submitted is the interaction of a form that its own page sent.
func (s *Server) submitted(r *http.Request) (interaction, error) {
	i, err := s.interaction(r)
	if err != nil {
		return i, err
	}
	if err := r.ParseForm(); err != nil {
		return i, badRequest("the form is malformed")
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf")), []byte(i.CSRF)) != 1 {
		return i, oauth(http.StatusForbidden, "access_denied", "this form was not sent from this bank's page; go back and try again")
	}
	return i, nil
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) error {
	i, err := s.interaction(r)
	if err != nil {
		return err
	}
	return s.loginPage(w, r, i, http.StatusOK, "", "")
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request, i interaction, status int, login, fault string) error {
	intent, err := s.Journey.Intent(r.Context(), i.Request.ClientID, i.Request.ConsentID)
	if err != nil {
		return err
	}
	s.show(w, r, status, "login.html", map[string]any{
		"ID": i.id, "CSRF": i.CSRF, "TPP": intent.TPPName, "Login": login, "Fault": fault,
	})
	return nil
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	i, err := s.submitted(r)
	if err != nil {
		return err
	}
	if r.PostForm.Get("action") == "cancel" {
		return s.refuse(w, r, i)
	}
	login := strings.TrimSpace(r.PostForm.Get("login"))
	customer, err := s.Journey.Authenticate(r.Context(), login, r.PostForm.Get("password"))
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeUnauthenticated:
		return s.loginPage(w, r, i, http.StatusUnauthorized, login, onepoint.MessageOf(err))
	case onepoint.CodeRateLimited:
		return s.loginPage(w, r, i, http.StatusTooManyRequests, login, onepoint.MessageOf(err))
	default:
		return err
	}
	i.Customer = customer
	i.CSRF, _ = handle("") // a page that was open before the login can send nothing after it
	if err := s.keepInteraction(r, i); err != nil {
		return err
	}
	http.Redirect(w, r, "/as/consent?i="+i.id, http.StatusSeeOther)
	return nil
}

func (s *Server) showConsent(w http.ResponseWriter, r *http.Request) error {
	i, err := s.interaction(r)
	if err != nil {
		return err
	}
	if i.Customer.ID == "" {
		http.Redirect(w, r, "/as/login?i="+i.id, http.StatusSeeOther)
		return nil
	}
	return s.consentPage(w, r, i, http.StatusOK, "")
}

func (s *Server) consentPage(w http.ResponseWriter, r *http.Request, i interaction, status int, fault string) error {
	intent, err := s.Journey.Intent(r.Context(), i.Request.ClientID, i.Request.ConsentID)
	if err != nil {
		return err
	}
	choices, err := s.Journey.Accounts(r.Context(), i.Customer.ID)
	if err != nil {
		return err
	}
	s.show(w, r, status, "consent.html", map[string]any{
		"ID": i.id, "CSRF": i.CSRF, "TPP": intent.TPPName, "Customer": i.Customer.Name, "Accounts": choices,
		"Chosen": r.PostForm["account"], "Fault": fault, "Shared": inWords(intent.Permissions),
		"Expires": day(intent.Expires), "From": day(intent.From), "To": day(intent.To),
	})
	return nil
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2 January 2006")
}

// inWords says what permissions share, in words that a customer reads.
func inWords(permissions []onepoint.Permission) []string {
	has := func(of ...onepoint.Permission) bool {
		return slices.ContainsFunc(of, func(p onepoint.Permission) bool { return slices.Contains(permissions, p) })
	}
	var words []string
	switch {
	case has(onepoint.ReadAccountsDetail):
		words = append(words, "Your account name, number and sort code")
	case has(onepoint.ReadAccountsBasic):
		words = append(words, "The kind and currency of your accounts")
	}
	if has(onepoint.ReadBalances) {
		words = append(words, "Your balances")
	}
	which := ""
	switch in, out := has(onepoint.ReadTransactionsCredits), has(onepoint.ReadTransactionsDebits); {
	case in && out:
		which = "Your incoming and outgoing payments"
	case in:
		which = "Your incoming payments"
	case out:
		which = "Your outgoing payments"
	}
	switch {
	case which == "":
	case has(onepoint.ReadTransactionsDetail):
		words = append(words, which+", with what they were for and who they were with")
	default:
		words = append(words, which+", with date and amount only")
	}
	if has(onepoint.ReadPAN) {
		words = append(words, "Your full card numbers")
	}
	return words
}

func (s *Server) decide(w http.ResponseWriter, r *http.Request) error {
	i, err := s.submitted(r)
	if err != nil {
		return err
	}
	if i.Customer.ID == "" {
		return oauth(http.StatusForbidden, "access_denied", "log in first")
	}
	switch r.PostForm.Get("action") {
	case "refuse":
		return s.refuse(w, r, i)
	case "allow":
	default:
		return s.consentPage(w, r, i, http.StatusBadRequest, "Choose Allow or Refuse.")
	}
	accounts := r.PostForm["account"]
	if len(accounts) == 0 {
		return s.consentPage(w, r, i, http.StatusBadRequest, "Choose at least one account to share, or refuse.")
	}
	err = s.Journey.Approve(r.Context(), i.Request.ConsentID, i.Customer.ID, accounts)
	if err != nil {
		return err
	}
	params, err := s.grantCode(r.Context(), i.Request, i.Customer.ID, i.hash)
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return badRequest("this page was sent twice; the first answer counts. Return to the application.")
	}
	if err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "consent authorised", "consent", i.Request.ConsentID, "client", i.Request.ClientID, "accounts", len(accounts))
	s.back(w, r, i.Request, params)
	return nil
}

// refuse ends the journey at the user's wish.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, i interaction) error {
	err := s.Store.Spend(r.Context(), KindInteraction, i.hash)
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return badRequest("this page was sent twice; the first answer counts. Return to the application.")
	}
	if err != nil {
		return err
	}
	if err := s.Journey.Reject(r.Context(), i.Request.ConsentID); err != nil && onepoint.CodeOf(err) != onepoint.CodeConflict {
		return err
	}
	s.back(w, r, i.Request, url.Values{"error": {"access_denied"}, "error_description": {"The user refused to share."}})
	return nil
}

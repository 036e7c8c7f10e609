package as

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	phoneCookie = "__Host-bank-phone"
	phoneLife   = 90 * 24 * time.Hour
)

// asked is what waits for a customer's phone: it shows what the first page
// shows, and its answer is bound to that.
type asked struct {
	TPP    string `json:"tpp"`
	Title  string `json:"title"`
	Lines  []Line `json:"lines,omitempty"`
	Number string `json:"number"` // shown on both, so that the customer confirms the right one
	Digest []byte `json:"digest"`
	Answer string `json:"answer,omitempty"` // "yes" or "no"
}

type device struct {
	CSRF string `json:"csrf"`
	Name string `json:"name"`
}

// askPhone lets the first page wait for the phone.
func (s *Server) askPhone(w http.ResponseWriter, r *http.Request, i interaction) error {
	intent, err := s.intent(r.Context(), i)
	if err != nil {
		return err
	}
	number, err := rand.Int(rand.Reader, big.NewInt(90))
	if err != nil {
		return err
	}
	what := asked{TPP: intent.TPPName, Title: intent.heading(), Lines: intent.Lines, Number: fmt.Sprint(number.Int64() + 10), Digest: intent.digest()}
	_, h := handle("")
	if err := s.keepAsked(r.Context(), i.Customer.ID, h, what); err != nil {
		return err
	}
	i.Waiting = h
	if err := s.keepInteraction(r.Context(), i); err != nil {
		return err
	}
	return s.proceed(w, r, i)
}

func (s *Server) keepAsked(ctx context.Context, customer string, h []byte, what asked) error {
	data, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return s.Store.PutSession(ctx, Session{Kind: SessionConfirmation, Hash: h, Customer: customer, Data: data, Expires: s.Now().Add(interactionIdle)})
}

func (s *Server) askedOf(ctx context.Context, customer string, h []byte) (asked, error) {
	var what asked
	found, err := s.Store.Session(ctx, SessionConfirmation, h)
	if err != nil {
		return what, err
	}
	if found.Customer != customer || found.Spent || !s.Now().Before(found.Expires) {
		return what, onepoint.E(onepoint.CodeNotFound, "find what waits for the phone", "it has expired", nil)
	}
	return what, json.Unmarshal(found.Data, &what)
}

// wait is the first page while the phone is asked. It renews itself.
func (s *Server) wait(w http.ResponseWriter, r *http.Request) error {
	i, err := s.interaction(r)
	if err != nil {
		return err
	}
	if i.Waiting == nil || i.Passed {
		return s.proceed(w, r, i)
	}
	what, err := s.askedOf(r.Context(), i.Customer.ID, i.Waiting)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return s.factorPage(w, r, i, http.StatusOK, "Your phone did not answer in time. Try again, or use a code.")
	}
	if err != nil {
		return err
	}
	switch what.Answer {
	case "yes":
		if err := s.Store.SpendSession(r.Context(), SessionConfirmation, i.Waiting); err != nil {
			return err
		}
		if err := s.Store.FactorPassed(r.Context(), i.Customer.ID, s.Now()); err != nil {
			return err
		}
		return s.passed(w, r, i, what.Digest)
	case "no":
		return s.factorPage(w, r, i, http.StatusForbidden, "You refused on your phone. If that was a mistake, try again.")
	}
	s.show(w, r, http.StatusOK, "wait.html", map[string]any{
		"ID": i.id, "CSRF": i.CSRF, "Number": what.Number, "Title": what.Title, "Lines": what.Lines, "TPP": what.TPP, "Own": i.Own, "Refresh": 3,
	})
	return nil
}

// waited is a button of the waiting page.
func (s *Server) waited(w http.ResponseWriter, r *http.Request) error {
	i, err := s.submitted(r)
	if err != nil {
		return err
	}
	switch r.PostForm.Get("action") {
	case "cancel":
		return s.refuse(w, r, i)
	case "code":
		if !i.Passed && i.Customer.ID != "" {
			return s.factorPage(w, r, i, http.StatusOK, "")
		}
	}
	return s.proceed(w, r, i)
}

// enrol makes this browser the customer's phone: something that they have.
func (s *Server) enrol(w http.ResponseWriter, r *http.Request, i interaction) error {
	secret, h := handle("")
	csrf, _ := handle("")
	data, err := json.Marshal(device{CSRF: csrf, Name: i.Customer.Name})
	if err != nil {
		return err
	}
	err = s.Store.PutSession(r.Context(), Session{Kind: SessionDevice, Hash: h, Customer: i.Customer.ID, Data: data, Expires: s.Now().Add(phoneLife)})
	if err != nil {
		return err
	}
	if err := s.Store.SpendSession(r.Context(), SessionVisit, i.hash); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: phoneCookie, Value: secret, Path: "/", MaxAge: int(phoneLife / time.Second), HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
	})
	s.Log.InfoContext(r.Context(), "phone enrolled", "customer", i.Customer.ID)
	return s.proceed(w, r, i)
}

// phone shows what waits for the customer's confirmation; a browser that is no
// phone yet becomes one by a login.
func (s *Server) phone(w http.ResponseWriter, r *http.Request) error {
	customer, d, _, err := s.device(r)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return s.beginInteraction(w, r, interaction{Own: ownPhone})
	}
	if err != nil {
		return err
	}
	return s.phonePage(w, r, customer, d, "")
}

type pending struct {
	ID string
	asked
}

func (s *Server) phonePage(w http.ResponseWriter, r *http.Request, customer string, d device, done string) error {
	list, err := s.Store.SessionsOf(r.Context(), SessionConfirmation, customer, s.Now())
	if err != nil {
		return err
	}
	var waiting []pending
	for _, one := range list {
		p := pending{ID: base64.RawURLEncoding.EncodeToString(one.Hash)}
		if err := json.Unmarshal(one.Data, &p.asked); err != nil {
			return err
		}
		if p.Answer == "" {
			waiting = append(waiting, p)
		}
	}
	s.show(w, r, http.StatusOK, "phone.html", map[string]any{"CSRF": d.CSRF, "Customer": d.Name, "Pending": waiting, "Done": done})
	return nil
}

// device is the phone that the browser is. CodeNotFound when it is none.
func (s *Server) device(r *http.Request) (customer string, d device, h []byte, err error) {
	const op = "find the phone"
	cookie, err := r.Cookie(phoneCookie)
	if err != nil {
		return "", d, nil, onepoint.E(onepoint.CodeNotFound, op, "this browser is no phone of a customer", nil)
	}
	h = hash(cookie.Value)
	found, err := s.Store.Session(r.Context(), SessionDevice, h)
	if err != nil {
		return "", d, nil, err
	}
	if found.Spent || !s.Now().Before(found.Expires) {
		return "", d, nil, onepoint.E(onepoint.CodeNotFound, op, "the phone was removed", nil)
	}
	return found.Customer, d, h, json.Unmarshal(found.Data, &d)
}

// answerPhone is what the customer decided on the phone.
func (s *Server) answerPhone(w http.ResponseWriter, r *http.Request) error {
	customer, d, h, err := s.device(r)
	if err != nil {
		return err
	}
	if err := checkCSRF(r, d.CSRF); err != nil {
		return err
	}
	action := r.PostForm.Get("action")
	if action == "forget" {
		if err := s.Store.SpendSession(r.Context(), SessionDevice, h); err != nil {
			return err
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	id, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get("id"))
	if err != nil || action != "yes" && action != "no" {
		return badRequest("choose Confirm or Refuse")
	}
	what, err := s.askedOf(r.Context(), customer, id)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return s.phonePage(w, r, customer, d, "That has expired. Nothing was confirmed.")
	}
	if err != nil {
		return err
	}
	if what.Answer == "" {
		what.Answer = action
		if err := s.keepAsked(r.Context(), customer, id, what); err != nil {
			return err
		}
	}
	done := "Confirmed. Go on where you began."
	if what.Answer == "no" {
		done = "Refused. Nothing was approved."
	}
	return s.phonePage(w, r, customer, d, done)
}

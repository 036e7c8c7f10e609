package as

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/onepointledger/onepoint"
)

// A customer's second factor is locked for a while after this many wrong codes
// in a row (RTS 2018/389 article 4(3)(b)).
const (
	mostWrongCodes = 5
	factorLock     = 10 * time.Minute
)

// afterPassword decides whether a second factor is needed.
func (s *Server) afterPassword(ctx context.Context, i *interaction) error {
	if s.NoSecondFactor {
		i.Passed, i.Strong = true, true
		return s.bindTo(ctx, i)
	}
	exempt, err := s.exempt(ctx, *i)
	i.Passed = exempt
	return err
}

// bindTo binds what was approved so far to the intent as it is.
func (s *Server) bindTo(ctx context.Context, i *interaction) error {
	intent, err := s.intent(ctx, *i)
	if err == nil {
		i.Bound = intent.digest()
	}
	return err
}

// exempt says whether an account consent may be given again without the second
// factor (RTS 2018/389 article 10): the customer gave it lately.
func (s *Server) exempt(ctx context.Context, i interaction) (bool, error) {
	if s.ExemptionPeriod <= 0 || i.Own != "" || !i.Request.mayExempt() {
		return false, nil
	}
	intent, err := s.intent(ctx, i)
	if err != nil || !intent.Renewal || intent.kind() != IntentAccounts {
		return false, err
	}
	f, err := s.Store.Factor(ctx, i.Customer.ID)
	if err != nil {
		return false, err
	}
	return !f.Strong.IsZero() && s.Now().Sub(f.Strong) < s.ExemptionPeriod, nil
}

// CheckCode judges a customer's one-time code for another page of the bank, such
// as its portal. The errors are CodeUnauthenticated for a wrong or used one,
// CodeRateLimited while the factor is locked, CodeConflict for a login without an
// app.
func (s *Server) CheckCode(ctx context.Context, customer, code string) error {
	return s.checkTOTP(ctx, customer, code)
}

// checkTOTP judges a code of the customer's app. CodeUnauthenticated when it is
// wrong or was used, CodeRateLimited while the factor is locked, CodeConflict
// when the customer has none.
func (s *Server) checkTOTP(ctx context.Context, customer, code string) error {
	const op = "check the code"
	f, err := s.Store.Factor(ctx, customer)
	if err != nil {
		return err
	}
	secret := f.Secret
	if secret == "" {
		secret = s.SandboxSecret
	}
	key, err := totpKey(secret)
	if err != nil {
		return onepoint.E(onepoint.CodeConflict, op, "no app for codes is set up for this login", err)
	}
	now := s.Now()
	if err := s.Store.TryFactor(ctx, customer, mostWrongCodes, now, now.Add(factorLock)); err != nil {
		return err
	}
	step, ok := matchStep(key, cleanCode(code), now)
	if !ok {
		return onepoint.E(onepoint.CodeUnauthenticated, op, "this code is wrong or too old; take the one that your app shows now", nil)
	}
	err = s.Store.UseNonce(ctx, "totp|"+customer, strconv.FormatInt(step, 10), now, now.Add(4*totpStep))
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return onepoint.E(onepoint.CodeUnauthenticated, op, "this code was used already; wait for your app to show the next one", nil)
	}
	if err != nil {
		return err
	}
	return s.Store.FactorPassed(ctx, customer, now)
}

func (s *Server) showFactor(w http.ResponseWriter, r *http.Request) error {
	i, err := s.interaction(r)
	if err != nil {
		return err
	}
	if i.Customer.ID == "" || i.Passed {
		return s.proceed(w, r, i)
	}
	return s.factorPage(w, r, i, http.StatusOK, "")
}

// factorPage asks for the second factor and shows what it is bound to.
func (s *Server) factorPage(w http.ResponseWriter, r *http.Request, i interaction, status int, fault string) error {
	intent, err := s.intent(r.Context(), i)
	if err != nil {
		return err
	}
	i.Shown, i.Waiting = intent.digest(), nil
	if err := s.keepInteraction(r.Context(), i); err != nil {
		return err
	}
	s.show(w, r, status, "factor.html", map[string]any{
		"ID": i.id, "CSRF": i.CSRF, "TPP": intent.TPPName, "Own": i.Own, "Fault": fault, "Phone": i.Own != ownPhone,
		"Title": intent.heading(), "Lines": intent.Lines, "Paying": intent.paying(),
	})
	return nil
}

func (s *Server) factor(w http.ResponseWriter, r *http.Request) error {
	i, err := s.submitted(r)
	if err != nil {
		return err
	}
	if i.Customer.ID == "" || i.Passed {
		return s.proceed(w, r, i)
	}
	switch r.PostForm.Get("action") {
	case "cancel":
		return s.refuse(w, r, i)
	case "phone":
		if i.Own != ownPhone { // a phone cannot vouch for itself
			return s.askPhone(w, r, i)
		}
	}
	intent, err := s.intent(r.Context(), i)
	if err != nil {
		return err
	}
	if !bytes.Equal(intent.digest(), i.Shown) {
		return s.factorPage(w, r, i, http.StatusConflict, "What you are asked to confirm has changed. Check it again.")
	}
	err = s.checkTOTP(r.Context(), i.Customer.ID, r.PostForm.Get("code"))
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeUnauthenticated:
		return s.factorPage(w, r, i, http.StatusUnauthorized, onepoint.MessageOf(err))
	case onepoint.CodeRateLimited:
		return s.factorPage(w, r, i, http.StatusTooManyRequests, onepoint.MessageOf(err))
	default:
		return err
	}
	return s.passed(w, r, i, i.Shown)
}

// passed records the second factor, bound to what it approved.
func (s *Server) passed(w http.ResponseWriter, r *http.Request, i interaction, bound []byte) error {
	i.Passed, i.Strong, i.Bound, i.Waiting, i.AuthTime = true, true, bound, nil, s.Now().Unix()
	i.CSRF, _ = handle("")
	if i.Own == ownPhone {
		return s.enrol(w, r, i)
	}
	if err := s.keepInteraction(r.Context(), i); err != nil {
		return err
	}
	return s.proceed(w, r, i)
}

// stillBound refuses to approve another amount or payee than the second factor
// was given for (RTS 2018/389 article 5(1)(c)).
func (i interaction) stillBound(intent Intent) error {
	if !i.Passed || intent.paying() && !bytes.Equal(i.Bound, intent.digest()) {
		return oauth(http.StatusForbidden, "access_denied", "what you confirmed is not what is asked now; nothing was approved. Return to the application and start again")
	}
	return nil
}

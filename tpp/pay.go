package tpp

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// PaymentState is how the state of a payment's journey begins, so that whoever
// holds the redirect URI knows which journey came back.
const PaymentState = "p."

const (
	pollFirst = 2 * time.Second
	pollLast  = 15 * time.Minute
	pollFor   = 5 * 24 * time.Hour
)

// Paying takes payments through the user's authorisation to their end.
type Paying struct {
	Store       Payments
	Banks       Banks
	Sealer      Sealer
	Audit       Auditor
	RedirectURI string
	Now         onepoint.Clock
	NewID       onepoint.IDs
	Log         *slog.Logger
}

// PayRequest asks for a payment.
type PayRequest struct {
	Workspace string
	Bank      string
	UserID    string // who must come back from the bank; empty for an API key
	Key       string // the caller's idempotency key
	Order     onepoint.Payment
	PSU       onepoint.PSU
}

// Pay records the payment, lodges it at the bank and says where the user must go.
// The same key with the same order is the same payment; with another order it is
// CodeConflict. CodeInvalid for an order that no bank could carry out.
func (p *Paying) Pay(ctx context.Context, req PayRequest) (Payment, error) {
	const op = "pay"
	if req.Key == "" || len(req.Key) > 128 {
		return Payment{}, onepoint.Missing(op, "key", "an idempotency key of 1 to 128 characters is needed")
	}
	if err := CheckOrder(req.Order); err != nil {
		return Payment{}, err
	}
	if _, err := p.Banks.Bank(req.Bank); err != nil {
		return Payment{}, err
	}
	row, err := p.create(ctx, req)
	if err != nil {
		return Payment{}, err
	}
	if row.Redirect != "" || row.Status != onepoint.PaymentAwaiting {
		return row, nil // given before: its journey goes on
	}
	return p.lodge(ctx, row, req.PSU)
}

func (p *Paying) create(ctx context.Context, req PayRequest) (Payment, error) {
	now := p.Now()
	row := Payment{
		Workspace: req.Workspace, ID: p.NewID("pay"), Bank: req.Bank, Key: req.Key, Status: onepoint.PaymentAwaiting,
		Order: req.Order, CreatedBy: req.UserID, Created: now, Updated: now,
	}
	row.Order.ID = row.ID
	if err := p.Audit.Record(ctx, req.Workspace, "payment.requested", row.ID, map[string]string{"bank": req.Bank}); err != nil {
		return Payment{}, err
	}
	stored, created, err := p.Store.CreatePayment(ctx, row, paymentEvent(onepoint.EventPaymentCreated, row))
	if err != nil {
		return Payment{}, fmt.Errorf("store payment: %w", err)
	}
	want := req.Order
	want.ID = stored.ID
	if !created && (stored.Bank != req.Bank || !sameOrder(stored.Order, want)) {
		return Payment{}, onepoint.E(onepoint.CodeConflict, "pay", "this idempotency key was used for another payment", nil)
	}
	return stored, nil
}

func sameOrder(a, b onepoint.Payment) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// lodge asks the bank. A payment whose lodging broke off is lodged again under
// the same id, which the bank knows it by.
func (p *Paying) lodge(ctx context.Context, row Payment, psu onepoint.PSU) (Payment, error) {
	bank, err := p.payer(ctx, row)
	if err != nil {
		return Payment{}, err
	}
	j := Journey{State: PaymentState + random(), Nonce: random(), Verifier: random(), RedirectURI: p.RedirectURI}
	in := j.intent(psu)
	in.Purpose = row.Order
	auth, err := bank.Authorize(ctx, in)
	if err != nil {
		wrapped := onepoint.E("", "lodge the payment", "", err)
		if code := onepoint.CodeOf(err); code == onepoint.CodeInvalid || code == onepoint.CodeConflict {
			return p.end(ctx, row, onepoint.PaymentRejected, onepoint.MessageOf(err), wrapped)
		}
		return Payment{}, wrapped // not known to be lodged: the same key tries again
	}
	j.ConsentID = auth.ConsentID
	plain, err := json.Marshal(j)
	if err != nil {
		return Payment{}, fmt.Errorf("encode journey: %w", err)
	}
	sealed, err := p.Sealer.Seal(ctx, row.Workspace, plain, bindPayment(row, "journey"))
	if err != nil {
		return Payment{}, fmt.Errorf("seal journey: %w", err)
	}
	return p.Store.UpdatePayment(ctx, row.Workspace, row.ID, func(now *Payment) ([]onepoint.Event, error) {
		now.BankID, now.Redirect, now.Journey, now.StateHash, now.Updated = auth.ConsentID, auth.Redirect, sealed, hashState(j.State), p.Now()
		return nil, nil
	})
}

// payer opens the bank, which must make payments.
func (p *Paying) payer(ctx context.Context, row Payment) (onepoint.Connector, error) {
	bank, err := p.Banks.Connector(ctx, row.Workspace, row.Bank)
	if err != nil {
		return nil, err
	}
	if _, ok := bank.(onepoint.Payer); !ok {
		return nil, onepoint.E(onepoint.CodeInvalid, "pay", "this bank makes no payments through us", nil)
	}
	return bank, nil
}

func (p *Paying) end(ctx context.Context, row Payment, status onepoint.PaymentStatus, message string, cause error) (Payment, error) {
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	ended, err := p.Store.UpdatePayment(saving, row.Workspace, row.ID, func(now *Payment) ([]onepoint.Event, error) {
		now.Status, now.Message, now.Redirect, now.StateHash, now.Journey, now.Grant = status, message, "", nil, nil, nil
		now.Updated = p.Now()
		return []onepoint.Event{paymentEvent(onepoint.EventPaymentChanged, *now)}, nil
	})
	if err != nil {
		return Payment{}, err
	}
	return ended, cause
}

// Callback finishes the journey whose state came back: the payment is then
// submitted in the background. The rules are those of [Connecting.Callback].
func (p *Paying) Callback(ctx context.Context, req CallbackRequest) (Payment, error) {
	const op = "return from the bank"
	stranger := onepoint.E(onepoint.CodeInvalid, op, "this return from a bank belongs to no payment that is waiting for one", nil)
	state := req.Params.Get("state")
	if !strings.HasPrefix(state, PaymentState) || len(state) > 512 {
		return Payment{}, stranger
	}
	row, err := p.Store.PaymentByState(ctx, hashState(state))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return Payment{}, stranger
	}
	if err != nil {
		return Payment{}, fmt.Errorf("find payment: %w", err)
	}
	if row.CreatedBy != "" && row.CreatedBy != req.UserID {
		return Payment{}, onepoint.E(onepoint.CodeForbidden, op, "sign in as the user who started this payment, and try again", nil)
	}
	row, err = p.claim(ctx, row)
	if err != nil {
		return Payment{}, err
	}
	auth, err := p.resume(ctx, row, req)
	switch {
	case err != nil:
		return p.end(ctx, row, onepoint.PaymentRejected, onepoint.MessageOf(err), onepoint.E("", "finish the payment", "", err))
	case auth.Phase != onepoint.PhaseAuthorised:
		return p.end(ctx, row, onepoint.PaymentCancelled, auth.Reason, nil)
	}
	return p.authorised(ctx, row, auth.Grant)
}

// claim uses the state up, so that of two callbacks only one goes on.
func (p *Paying) claim(ctx context.Context, row Payment) (Payment, error) {
	return p.Store.UpdatePayment(ctx, row.Workspace, row.ID, func(now *Payment) ([]onepoint.Event, error) {
		if now.StateHash == nil || now.Status != onepoint.PaymentAwaiting {
			return nil, onepoint.E(onepoint.CodeConflict, "return from the bank", "this return from the bank was used already", nil)
		}
		if p.Now().Sub(now.Created) > journeyLife {
			return nil, onepoint.E(onepoint.CodeConflict, "return from the bank", "this payment was started too long ago; start again", nil)
		}
		now.StateHash, now.Redirect, now.Updated = nil, "", p.Now()
		return nil, nil
	})
}

func (p *Paying) resume(ctx context.Context, row Payment, req CallbackRequest) (onepoint.Authorization, error) {
	plain, err := p.Sealer.Unseal(ctx, row.Workspace, row.Journey, bindPayment(row, "journey"))
	if err != nil {
		return onepoint.Authorization{}, fmt.Errorf("open journey: %w", err)
	}
	var j Journey
	if err := json.Unmarshal(plain, &j); err != nil {
		return onepoint.Authorization{}, fmt.Errorf("decode journey: %w", err)
	}
	bank, err := p.payer(ctx, row)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	in := j.intent(onepoint.PSU{})
	in.Purpose = row.Order
	return bank.Resume(ctx, in, onepoint.Callback{Params: req.Params})
}

func (p *Paying) authorised(ctx context.Context, row Payment, g onepoint.Grant) (Payment, error) {
	plain, err := json.Marshal(g)
	if err != nil {
		return Payment{}, fmt.Errorf("encode grant: %w", err)
	}
	sealed, err := p.Sealer.Seal(ctx, row.Workspace, plain, bindPayment(row, "grant"))
	if err != nil {
		return Payment{}, fmt.Errorf("seal grant: %w", err)
	}
	if err := p.Audit.Record(ctx, row.Workspace, "payment.authorised", row.ID, map[string]string{"bank": row.Bank}); err != nil {
		return Payment{}, err
	}
	return p.Store.UpdatePayment(ctx, row.Workspace, row.ID, func(now *Payment) ([]onepoint.Event, error) {
		now.Status, now.Grant, now.Journey, now.Updated = onepoint.PaymentReady, sealed, nil, p.Now()
		return []onepoint.Event{paymentEvent(onepoint.EventPaymentAuthorised, *now)}, nil
	})
}

// Run submits an authorised payment and follows it to its end. While the bank has
// not finished it returns [onepoint.CodeUnavailable] with when to ask again. A
// payment that the bank may already have is asked for, never given twice under
// another id.
func (p *Paying) Run(ctx context.Context, workspace, id string) error {
	row, err := p.Store.Payment(ctx, workspace, id)
	if err != nil || row.Status.Final() || row.Grant == nil {
		return err
	}
	bank, err := p.payer(ctx, row)
	if err != nil {
		return err
	}
	grant, err := p.openGrant(ctx, row)
	if err != nil {
		return err
	}
	state, err := p.advance(ctx, row, bank.(onepoint.Payer), grant)
	switch code := onepoint.CodeOf(err); {
	case err == nil:
		return p.keep(ctx, row, state)
	case code == onepoint.CodeConflict || code == onepoint.CodeInvalid || code == onepoint.CodeForbidden || code == onepoint.CodeNotFound:
		_, err = p.end(ctx, row, onepoint.PaymentRejected, onepoint.MessageOf(err), err)
		return err
	}
	return onepoint.E("", "pay", "", err)
}

// advance gives the order, or asks how it stands when it may have been given.
func (p *Paying) advance(ctx context.Context, row Payment, payer onepoint.Payer, g onepoint.Grant) (onepoint.PaymentState, error) {
	if row.Submitted {
		state, err := payer.PaymentState(ctx, g, row.Order)
		if err != nil || state.Status != onepoint.PaymentReady && state.Status != onepoint.PaymentAwaiting {
			return state, err
		}
	}
	_, err := p.Store.UpdatePayment(ctx, row.Workspace, row.ID, func(now *Payment) ([]onepoint.Event, error) {
		now.Submitted, now.Updated = true, p.Now()
		return nil, nil
	})
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	return payer.Submit(ctx, g, row.Order)
}

func (p *Paying) openGrant(ctx context.Context, row Payment) (g onepoint.Grant, err error) {
	plain, err := p.Sealer.Unseal(ctx, row.Workspace, row.Grant, bindPayment(row, "grant"))
	if err != nil {
		return g, fmt.Errorf("open grant: %w", err)
	}
	if err := json.Unmarshal(plain, &g); err != nil {
		return g, fmt.Errorf("decode grant: %w", err)
	}
	return g, nil
}

// keep records what the bank said, and asks to be called again until it is final.
func (p *Paying) keep(ctx context.Context, row Payment, s onepoint.PaymentState) error {
	saved, err := p.Store.UpdatePayment(ctx, row.Workspace, row.ID, func(now *Payment) ([]onepoint.Event, error) {
		if now.Status == s.Status && now.BankCode == s.BankCode {
			return nil, nil
		}
		now.Status, now.BankCode, now.Message, now.Updated = s.Status, s.BankCode, s.Reason, p.Now()
		if s.Status.Final() {
			now.Grant = nil
		}
		return []onepoint.Event{paymentEvent(onepoint.EventPaymentChanged, *now)}, nil
	})
	if err != nil || saved.Status.Final() {
		return err
	}
	age := p.Now().Sub(row.Created)
	if age > pollFor {
		return onepoint.E(onepoint.CodeConflict, "pay", "the bank has not finished the payment for days; ask the bank", nil)
	}
	again := onepoint.E(onepoint.CodeUnavailable, "pay", "the bank has not finished the payment yet", nil)
	again.Retry = min(max(age/4, pollFirst), pollLast)
	return again
}

func bindPayment(p Payment, column string) []byte {
	return []byte(p.Workspace + "|payments|" + p.ID + "|" + column)
}

func paymentEvent(t onepoint.EventType, p Payment) onepoint.Event {
	data, err := json.Marshal(map[string]string{"bank": p.Bank, "status": string(p.Status)})
	if err != nil {
		panic(err) // two strings always encode
	}
	return onepoint.Event{Type: t, Subject: p.ID, Data: data}
}

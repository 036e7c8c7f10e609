package modelbank

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/standard/obie"
)

// transferTime bounds one carrying out. It ends before the claim does, so that
// nobody moves money for an order that somebody else has taken over.
const transferTime = claimLife / 2

// Reasons of rejection (ISO 20022 ExternalStatusReason1Code).
const (
	reasonFunds    = "AM04" // insufficient funds
	reasonAccount  = "AC04" // closed account number
	reasonExpired  = "DT06" // execution date changed or passed
	reasonRefused  = "DS02" // an authoriser refused
	reasonCustomer = "CUST" // requested by the customer
)

// Run carries out what is due by the instant: scheduled payments, standing
// orders, orders that came after the cut-off, and whatever an ended process left.
// It is safe to run at any time, any number of times, in any number of processes.
// It goes on after an order that fails and returns the first failure.
func (p *Payments) Run(ctx context.Context, now time.Time) error {
	var first error
	for tried := map[string]bool{}; ; {
		ids, err := p.Store.DuePayments(ctx, now, 100+len(tried))
		if err != nil {
			return onepoint.E("", "run payments", "", err)
		}
		fresh := 0
		for _, id := range ids {
			if tried[id] {
				continue
			}
			tried[id] = true
			fresh++
			if _, err := p.carryOutAt(ctx, id, now.UTC().Truncate(time.Microsecond)); err != nil && first == nil {
				first = err
			}
		}
		if fresh == 0 {
			return first
		}
	}
}

func (p *Payments) carryOut(ctx context.Context, id string) (Order, error) {
	return p.carryOutAt(ctx, id, p.instant())
}

// carryOutAt does everything of an order that is due.
func (p *Payments) carryOutAt(ctx context.Context, id string, now time.Time) (Order, error) {
	for {
		o, ok, err := p.claim(ctx, id, now)
		if err != nil || !ok {
			return o, err
		}
		done, err := p.move(ctx, o)
		if err != nil {
			return o, onepoint.E("", "carry payment out", "", err)
		}
		if o, err = p.record(ctx, o, done, now); err != nil {
			return o, err
		}
	}
}

// claim takes the right to carry an order out, for a while. False when nothing
// is due, or somebody else has the right.
func (p *Payments) claim(ctx context.Context, id string, now time.Time) (Order, bool, error) {
	ours := p.NewID("clm")
	o, err := p.Store.ChangePaymentOrder(ctx, id, func(o *Order) error {
		if err := p.setUp(o, now); err != nil {
			return err
		}
		if o.Due.IsZero() || o.Due.After(now) || o.Claim != "" && now.Before(o.ClaimedUntil) {
			return nil
		}
		o.Claim, o.ClaimedUntil = ours, now.Add(claimLife)
		return nil
	})
	if err != nil {
		return o, false, onepoint.E("", "claim payment", "", err)
	}
	return o, o.Claim == ours, nil
}

// setUp is the step before the first money moves: a standing order is initiated
// with that, a scheduled payment accepted; an order that still lacks an
// authorisation at its end is rejected.
func (p *Payments) setUp(o *Order, now time.Time) error {
	switch {
	case o.State == obie.AwaitingFurther && !o.Due.After(now):
		o.Multi.State, o.Multi.Updated, o.Due, o.Reason = "RJCT", now, time.Time{}, reasonExpired
		return moveOrder(o, obie.OrderRejected, now)
	case o.State == obie.AwaitingFurther:
		return nil
	case o.Instruction.Order != nil && (o.State == obie.Pending || o.State == obie.Received):
		return moveOrder(o, obie.InitiationCompleted, now)
	case scheduled(o.Kind) && o.Due.After(now) && o.State != obie.Accepted:
		return moveOrder(o, obie.Accepted, now)
	}
	return nil
}

// move makes the movements that are due and says how each ended. An error leaves
// open what happened: the same movements are made again later, each once.
func (p *Payments) move(ctx context.Context, o Order) ([]obie.Execution, error) {
	ctx, cancel := context.WithTimeout(ctx, transferTime)
	defer cancel()
	if o.Kind == obie.FilePayment {
		return p.moveFile(ctx, o)
	}
	n := len(o.Executions) + 1
	i := o.Instruction
	amount := i.Amount
	if i.Order != nil {
		amount = orderAmount(&o, p.Zone, n)
	}
	debit, err := debitOf(amount, o.Quote)
	if err != nil {
		return nil, err
	}
	e, err := p.transfer(ctx, o, n, core.Transfer{
		Amount: debit, Creditor: i.Creditor, Information: i.Information, Reference: i.Reference, Clearing: clearing(o.Kind, i.LocalInstrument),
	})
	if err != nil || e.State != obie.SettlementCompleted {
		return []obie.Execution{e}, err
	}
	return []obie.Execution{e}, p.charge(ctx, o, n)
}

// transfer makes the n-th movement of an order.
func (p *Payments) transfer(ctx context.Context, o Order, n int, t core.Transfer) (obie.Execution, error) {
	t.ID, t.Debtor = fmt.Sprintf("%s.%d", o.ID, n), o.Account
	e := obie.Execution{ID: t.ID, Due: o.Due, State: obie.SettlementCompleted, Amount: t.Amount}
	err := p.Core.Transfer(ctx, t)
	switch code := onepoint.CodeOf(err); {
	case err == nil:
	case errors.Is(err, core.ErrFunds):
		e.State, e.Reason = obie.OrderRejected, reasonFunds
	case code == onepoint.CodeConflict || code == onepoint.CodeNotFound || code == onepoint.CodeInvalid:
		p.Log.WarnContext(ctx, "payment refused by the books", "payment", o.ID, "cause", err)
		e.State, e.Reason = obie.OrderRejected, reasonAccount
	default:
		return e, err
	}
	return e, nil
}

// charge takes the charges of a payment that was made. An account that cannot
// pay them is not charged: the payment stands.
func (p *Payments) charge(ctx context.Context, o Order, n int) error {
	minor := costs(o.Charges)
	if minor == 0 {
		return nil
	}
	err := p.Core.Transfer(ctx, core.Transfer{
		ID: fmt.Sprintf("%s.%d.charge", o.ID, n), Debtor: o.Account, Amount: onepoint.MinorMoney(minor, homeCurrency),
		Creditor: onepoint.Counterparty{Name: "Model Bank UK"}, Information: "Payment charge", Clearing: core.Fees,
	})
	if errors.Is(err, core.ErrFunds) {
		p.Log.InfoContext(ctx, "charge waived", "payment", o.ID)
		return nil
	}
	return err
}

// clearing is the scheme that carries money out of the bank.
func clearing(kind, instrument string) core.InternalKind {
	if international(kind) {
		return "clearing.swift"
	}
	switch instrument {
	case "UK.OBIE.BACS":
		return core.ClearingBacs
	case "UK.OBIE.SEPACreditTransfer", "UK.OBIE.SEPAInstantCreditTransfer":
		return core.ClearingSEPA
	case chaps:
		return "clearing.chaps"
	}
	return core.ClearingFPS
}

// record writes how movements ended, gives the claim back and says when the next
// is due. A claim that was lost records nothing: whoever took it over finds the
// same movements made, and records them.
func (p *Payments) record(ctx context.Context, of Order, done []obie.Execution, now time.Time) (Order, error) {
	o, err := p.Store.ChangePaymentOrder(ctx, of.ID, func(o *Order) error {
		if o.Claim != of.Claim {
			return nil
		}
		for i := range done {
			done[i].At = now
		}
		o.Claim, o.ClaimedUntil = "", time.Time{}
		o.Executions = append(o.Executions, done...)
		return p.conclude(o, now)
	})
	if err != nil {
		return o, onepoint.E("", "record payment", "", err)
	}
	p.Log.InfoContext(ctx, "payment carried out", "payment", o.ID, "state", string(o.State))
	return o, nil
}

// conclude is the state after the last movement.
func (p *Payments) conclude(o *Order, now time.Time) error {
	last := o.Executions[len(o.Executions)-1]
	if o.Instruction.Order != nil {
		o.Due = nextDue(o, p.Zone)
		return nil
	}
	o.Due = time.Time{}
	if o.Kind == obie.FilePayment {
		for _, e := range o.Executions {
			if e.State == obie.SettlementCompleted {
				return moveOrder(o, obie.InitiationCompleted, now)
			}
		}
		o.Reason = last.Reason
		return moveOrder(o, obie.InitiationFailed, now)
	}
	o.Reason = last.Reason
	return moveOrder(o, last.State, now)
}

// nextDue is when a standing order pays next, zero when it has ended.
func nextDue(o *Order, zone *time.Location) time.Time {
	s, n := o.Instruction.Order, len(o.Executions)
	if s.Number > 0 && n >= s.Number {
		return time.Time{}
	}
	next, err := s.Next(o.Due, zone)
	if n == 1 && !s.Second.IsZero() && s.Second.After(o.Due) {
		next = s.Second
	}
	if err != nil || !s.Final.IsZero() && next.After(s.Final) {
		return time.Time{}
	}
	return next.UTC()
}

// orderAmount is what the n-th payment of a standing order pays.
func orderAmount(o *Order, zone *time.Location, n int) onepoint.Money {
	i, s := o.Instruction, o.Instruction.Order
	after := *o
	after.Executions = make([]obie.Execution, n)
	switch {
	case !s.Last.IsZero() && nextDue(&after, zone).IsZero():
		return s.Last
	case n > 1 && !s.Recurring.IsZero():
		return s.Recurring
	}
	return i.Amount
}

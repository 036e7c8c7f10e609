package tpp

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	eventsOfOnePoll = 50
	mostEventPolls  = 200                 // of one run; a bank that never empties is left for the next
	eventIDsKept    = 30 * 24 * time.Hour // far longer than a token is believed
)

// Poll fetches what a bank has to tell, until it has no more. An event is
// acknowledged after it was stored, with the next call: a process that dies
// between is told again, and knows the id. Errors: the bank's, and the store's;
// what was not acknowledged comes again.
func (b *BankEvents) Poll(ctx context.Context, workspace, bank string) error {
	source, err := b.Source(ctx, workspace, bank)
	if err != nil {
		return err
	}
	if err := b.Store.PruneBankEvents(ctx, b.Now().Add(-eventIDsKept)); err != nil {
		return onepoint.E("", "poll events", "", err)
	}
	p := BankEventPoll{Max: eventsOfOnePoll}
	for range mostEventPolls {
		batch, err := source.Poll(ctx, p)
		if err != nil {
			return err
		}
		if len(batch.Tokens) == 0 && !batch.More {
			return nil
		}
		if p, err = b.takeAll(ctx, workspace, bank, source, batch); err != nil {
			return err
		}
		if len(p.Accepted)+len(p.Refused) == 0 {
			return nil // nothing that this bank gives can be judged now
		}
		if !batch.More {
			p.Max = 0
			_, err := source.Poll(ctx, p)
			return err
		}
	}
	return nil
}

// takeAll stores a batch, and says what to acknowledge. When one cannot be judged
// or stored, what came before it is still acknowledged.
func (b *BankEvents) takeAll(ctx context.Context, workspace, bank string, source BankEventSource, batch BankEventBatch) (BankEventPoll, error) {
	p := BankEventPoll{Max: eventsOfOnePoll, Refused: map[string]string{}}
	for _, id := range slices.Sorted(maps.Keys(batch.Tokens)) {
		e, err := source.Verify(ctx, batch.Tokens[id])
		if err == nil && e.ID != id {
			err = onepoint.Missing("read event", "jti", "is not the one it was listed by")
		}
		if err == nil {
			err = b.take(ctx, workspace, bank, e)
		} else if code := onepoint.CodeOf(err); code == onepoint.CodeInvalid || code == onepoint.CodeSignatureInvalid {
			b.Log.WarnContext(ctx, "event of a bank is not believed", "bank", bank, "event", id, "error", err)
			p.Refused[id] = onepoint.MessageOf(err)
			continue
		}
		if err != nil {
			b.settle(ctx, source, p)
			return p, err
		}
		p.Accepted = append(p.Accepted, id)
	}
	return p, nil
}

// settle acknowledges on the way out; what it cannot is told again.
func (b *BankEvents) settle(ctx context.Context, source BankEventSource, p BankEventPoll) {
	if len(p.Accepted)+len(p.Refused) == 0 {
		return
	}
	p.Max = 0
	if _, err := source.Poll(ctx, p); err != nil {
		b.Log.WarnContext(ctx, "acknowledge events", "error", err)
	}
}

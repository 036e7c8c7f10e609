package main

import (
	"context"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/obie"
	"github.com/onepointledger/onepoint/tpp"
)

// obieEvents is the events of one UK Open Banking bank, in the platform's words.
type obieEvents struct {
	*obie.EventClient
	registered time.Time // when the registration that it stands on changed
	oauth      *fapi.Client
	keys       *fapi.KeySource
	issuer     string
	clientID   string
	now        onepoint.Clock
}

var _ tpp.BankEventSource = (*obieEvents)(nil)

// Verify implements tpp.BankEventSource. A key that is not known yet is looked
// for anew: banks rotate.
func (s *obieEvents) Verify(ctx context.Context, token string) (tpp.BankEvent, error) {
	check := obie.SETCheck{Issuer: s.issuer, Audience: s.clientID, Now: s.now()}
	keys, err := s.bankKeys(ctx, s.keys.Keys)
	if err != nil {
		return tpp.BankEvent{}, err
	}
	e, err := obie.VerifySET(token, keys, check)
	if onepoint.CodeOf(err) == onepoint.CodeSignatureInvalid {
		if keys, err = s.bankKeys(ctx, s.keys.Fresh); err != nil {
			return tpp.BankEvent{}, err
		}
		e, err = obie.VerifySET(token, keys, check)
	}
	if err != nil {
		return tpp.BankEvent{}, err
	}
	return tpp.BankEvent{ID: e.ID, Kind: bankEventKind(e.Type), ResourceType: e.Resource.Type, ResourceID: e.Resource.ID, At: e.At}, nil
}

// bankKeys fetches the bank's keys. Whatever fails there says nothing of the
// token.
func (s *obieEvents) bankKeys(ctx context.Context, get func(context.Context, string) (jwk.Set, error)) (jwk.Set, error) {
	meta, err := s.oauth.Metadata(ctx)
	if err == nil {
		var keys jwk.Set
		if keys, err = get(ctx, meta.JWKSURI); err == nil {
			return keys, nil
		}
	}
	return nil, onepoint.E(onepoint.CodeUnavailable, "fetch the bank's keys", "the bank's keys cannot be fetched now", err)
}

func bankEventKind(t obie.EventType) tpp.BankEventKind {
	switch t {
	case obie.EventConsentRevoked:
		return tpp.BankConsentRevoked
	case obie.EventLinkedAccountsUpdate:
		return tpp.BankAccountsChanged
	}
	return tpp.BankResourceChanged
}

// Poll implements tpp.BankEventSource.
func (s *obieEvents) Poll(ctx context.Context, p tpp.BankEventPoll) (tpp.BankEventBatch, error) {
	poll := obie.EventPoll{Max: p.Max, Wait: p.Wait, Ack: p.Accepted}
	for id, why := range p.Refused {
		if poll.Errors == nil {
			poll.Errors = map[string]obie.EventError{}
		}
		poll.Errors[id] = obie.EventError{Code: "setData", Description: cut(why, 256)}
	}
	batch, err := s.EventClient.Poll(ctx, poll)
	return tpp.BankEventBatch{Tokens: batch.Sets, More: batch.More}, err
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

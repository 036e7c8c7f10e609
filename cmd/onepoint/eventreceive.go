package main

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/obie"
	"github.com/onepointledger/onepoint/tpp"
)

const (
	eventVersion  = "4.0"
	eventInterval = time.Minute // between polls of a bank
	maxEventToken = 64 << 10
	obieStandard  = "uk-open-banking"
)

// platformEvents hears what banks tell: it receives what they push, and polls
// for the rest.
type platformEvents struct {
	*tpp.BankEvents
	side  *platformSide
	scope string // of what it asks to hear

	mu      sync.Mutex
	sources map[string]*obieEvents // by workspace and bank
}

func openPlatformEvents(p *platformSide, scope string) *platformEvents {
	e := &platformEvents{side: p, scope: scope, sources: map[string]*obieEvents{}}
	e.BankEvents = &tpp.BankEvents{Store: p.db, Now: p.config.Now, Log: p.config.Log}
	e.Source = func(ctx context.Context, workspace, bank string) (tpp.BankEventSource, error) {
		return e.source(ctx, workspace, bank)
	}
	return e
}

// source opens a bank's events, once per registration.
func (e *platformEvents) source(ctx context.Context, workspace, bank string) (*obieEvents, error) {
	const op = "hear a bank's events"
	banks := e.side.banks
	profile, err := banks.profile(bank)
	if err != nil {
		return nil, err
	}
	base, ok := strings.CutSuffix(profile.Endpoints.Resource, "/aisp")
	if profile.Standard != obieStandard || !ok {
		return nil, onepoint.E(onepoint.CodeNotFound, op, "this bank tells no events", nil)
	}
	reg, err := banks.clients.Registration(ctx, workspace, bank)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return nil, onepoint.E("", op, "", err)
	}
	if reg.Status != tpp.RegistrationDone {
		return nil, onepoint.E(onepoint.CodeConflict, op, "the platform is not registered at this bank", nil)
	}
	key := workspace + "|" + bank
	e.mu.Lock()
	defer e.mu.Unlock()
	if s, ok := e.sources[key]; ok && s.registered.Equal(reg.Updated) {
		return s, nil
	}
	env, err := banks.env(ctx, workspace, profile, reg.Progress.Client)
	if err != nil {
		return nil, err
	}
	s := e.open(env, reg, base)
	e.sources[key] = s
	return s, nil
}

// open makes the source of one registration.
func (e *platformEvents) open(env connector.Env, reg tpp.Registration, base string) *obieEvents {
	sign := fapi.SigningKey{Signer: env.Signer.Key, KeyID: env.Signer.KeyID, Alg: env.Client.SigningAlg, Chain: env.Signer.Chain}
	oauth := fapi.NewClient(fapi.ClientConfig{
		HTTP: env.HTTP, Issuer: env.Client.Issuer, ClientID: env.Client.ID, AuthMethod: env.Client.AuthMethod, Key: sign, Now: env.Now, NewID: env.NewID,
	})
	who := reg.Progress.Facts["org_id"] + "/" + reg.Progress.Facts["software_id"]
	return &obieEvents{
		registered: reg.Updated, oauth: oauth, keys: &fapi.KeySource{HTTP: env.HTTP, Now: env.Now},
		issuer: env.Client.Issuer, clientID: env.Client.ID, now: env.Now,
		EventClient: obie.NewEventClient(obie.EventClientConfig{
			Resource: base, OAuth: oauth, Scope: e.scope, HTTP: env.HTTP, Now: env.Now,
			Signature: obie.EventSignature{Key: func() fapi.SigningKey { return sign }, Issuer: who, Now: env.Now},
		}),
	}
}

// Subscribe asks a bank to push its events to us, or, with push false, to keep
// them for our polls. It changes the subscription that is there.
func (e *platformEvents) Subscribe(ctx context.Context, workspace, bank string, push bool) error {
	s, err := e.source(ctx, workspace, bank)
	if err != nil {
		return err
	}
	want := obie.EventSubscription{Version: eventVersion, EventTypes: obie.EventTypes()}
	if push {
		want.CallbackURL = e.side.config.URL + "/bank-events/" + bank + "/v" + eventVersion + "/event-notifications"
	}
	have, err := s.Subscriptions(ctx)
	if err != nil {
		return err
	}
	if len(have) == 0 {
		_, err = s.Subscribe(ctx, want)
		return err
	}
	want.ID = have[0].ID
	_, err = s.Change(ctx, want)
	return err
}

// Run polls every bank that tells events, until ctx ends.
func (e *platformEvents) Run(ctx context.Context) {
	tick := time.NewTicker(eventInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		e.pollAll(ctx)
	}
}

func (e *platformEvents) pollAll(ctx context.Context) {
	registered, err := e.side.db.Registrations(ctx, e.side.Workspace)
	if err != nil && ctx.Err() == nil {
		e.Log.ErrorContext(ctx, "list registrations", "error", err)
	}
	for _, r := range registered {
		if profile, err := e.side.banks.profile(r.Bank); err != nil || profile.Standard != obieStandard || r.Status != tpp.RegistrationDone {
			continue
		}
		if err := e.Poll(ctx, e.side.Workspace, r.Bank); err != nil && ctx.Err() == nil {
			e.Log.WarnContext(ctx, "poll events", "bank", r.Bank, "error", err)
		}
	}
}

// ServeHTTP is POST /bank-events/{bank}/v4.0/event-notifications: 202 for an
// event that is stored, now or before; 400 with the reason for one that will
// never be believed; 503 where the bank should try again.
func (e *platformEvents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/jwt" && media != "application/secevent+jwt" {
		refuseEvent(w, http.StatusUnsupportedMediaType, "setParse", "the body must be application/jwt")
		return
	}
	token, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEventToken))
	if err != nil {
		refuseEvent(w, http.StatusRequestEntityTooLarge, "setParse", "the event is too large or broke off")
		return
	}
	err = e.Receive(r.Context(), e.side.Workspace, r.PathValue("bank"), strings.TrimSpace(string(token)))
	switch onepoint.CodeOf(err) {
	case "":
		w.WriteHeader(http.StatusAccepted)
	case onepoint.CodeInvalid:
		refuseEvent(w, http.StatusBadRequest, "setData", onepoint.MessageOf(err))
	case onepoint.CodeSignatureInvalid:
		refuseEvent(w, http.StatusBadRequest, "jws", onepoint.MessageOf(err))
	case onepoint.CodeNotFound, onepoint.CodeConflict:
		refuseEvent(w, http.StatusNotFound, "setData", "no events are heard from this bank")
	default:
		e.Log.WarnContext(r.Context(), "take pushed event", "error", err)
		w.Header().Set("Retry-After", "10")
		refuseEvent(w, http.StatusServiceUnavailable, "setData", "try again")
	}
}

// refuseEvent answers as RFC 8935 section 2.3 does.
func refuseEvent(w http.ResponseWriter, status int, code, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(obie.EventError{Code: code, Description: why})
}

// mount adds the receiver beside the API.
func (e *platformEvents) mount(mux *http.ServeMux) {
	mux.Handle("POST /bank-events/{bank}", e)
	mux.Handle("POST /bank-events/{bank}/{version}/event-notifications", e)
}

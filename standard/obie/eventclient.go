package obie

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// EventClientConfig is what a TPP needs to hear of events at one bank.
type EventClientConfig struct {
	Resource  string // https://bank/open-banking/v4.0
	OAuth     ClientTokens
	Scope     string       // of what it wants to hear: "accounts payments"
	HTTP      *http.Client // presents the QWAC, times out
	Signature EventSignature
	Now       onepoint.Clock
}

// ClientTokens gets tokens for the client itself; *fapi.Client implements it.
type ClientTokens interface {
	ClientCredentials(ctx context.Context, scope string) (fapi.TokenResponse, error)
}

// EventClient subscribes to events at a bank and polls for them. Errors:
// [onepoint.CodeConflict] when there is a subscription already,
// [onepoint.CodeRateLimited] and [onepoint.CodeUnavailable] with Retry,
// [onepoint.CodeProtocol] for an answer that is not the standard's.
type EventClient struct{ EventClientConfig }

// NewEventClient makes a client; it does no I/O.
func NewEventClient(c EventClientConfig) *EventClient { return &EventClient{c} }

// Subscribe registers what to hear of, and where.
func (c *EventClient) Subscribe(ctx context.Context, s EventSubscription) (EventSubscription, error) {
	var answer eventEnvelope[wireSubscription]
	s.ID = ""
	err := c.call(ctx, "subscribe to events", http.MethodPost, "/event-subscriptions", eventEnvelope[wireSubscription]{Data: s.subscription()}, true, &answer)
	if err == nil && answer.Data.ID == "" {
		err = onepoint.E(onepoint.CodeProtocol, "subscribe to events", "the bank's answer holds no subscription id", nil)
	}
	return answer.Data.read(), err
}

// Subscriptions are those the bank holds.
func (c *EventClient) Subscriptions(ctx context.Context) ([]EventSubscription, error) {
	var answer eventEnvelope[wireSubscriptions]
	if err := c.call(ctx, "list event subscriptions", http.MethodGet, "/event-subscriptions", nil, false, &answer); err != nil {
		return nil, err
	}
	var subs []EventSubscription
	for _, w := range answer.Data.EventSubscription {
		subs = append(subs, w.read())
	}
	return subs, nil
}

// Change replaces a subscription.
func (c *EventClient) Change(ctx context.Context, s EventSubscription) (EventSubscription, error) {
	var answer eventEnvelope[wireSubscription]
	err := c.call(ctx, "change event subscription", http.MethodPut, "/event-subscriptions/"+url.PathEscape(s.ID),
		eventEnvelope[wireSubscription]{Data: s.subscription()}, true, &answer)
	return answer.Data.read(), err
}

// Unsubscribe ends a subscription.
func (c *EventClient) Unsubscribe(ctx context.Context, id string) error {
	return c.call(ctx, "delete event subscription", http.MethodDelete, "/event-subscriptions/"+url.PathEscape(id), nil, false, nil)
}

// Poll acknowledges, and fetches what waits. The tokens are as they came: verify
// them with [VerifySET].
func (c *EventClient) Poll(ctx context.Context, p EventPoll) (EventBatch, error) {
	w := wirePoll{ReturnImmediately: !p.Wait, Ack: p.Ack, SetErrs: p.Errors}
	if p.Max >= 0 {
		w.MaxEvents = &p.Max
	}
	var answer wireBatch
	err := c.call(ctx, "poll events", http.MethodPost, "/events", w, false, &answer)
	return EventBatch{Sets: answer.Sets, More: answer.MoreAvailable}, err
}

func (w wireSubscription) read() EventSubscription {
	return EventSubscription{ID: w.ID, Kind: EventSubscriptionKind, CallbackURL: w.CallbackURL, Version: w.Version, EventTypes: w.EventTypes}
}

func (c *EventClient) call(ctx context.Context, op, method, path string, body any, signed bool, answer any) error {
	req, err := c.request(ctx, method, path, body, signed)
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return onepoint.E(onepoint.CodeUnavailable, op, "the bank does not answer", err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return onepoint.E(onepoint.CodeUnavailable, op, "the bank's answer broke off", err)
	case len(content) > maxAnswer:
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is too large", nil)
	case resp.StatusCode >= 300:
		return c.refused(op, resp, content)
	case answer == nil:
		return nil
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "application/json" {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is not JSON", nil)
	}
	if err := json.Unmarshal(content, answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is malformed", err)
	}
	return nil
}

func (c *EventClient) request(ctx context.Context, method, path string, body any, signed bool) (*http.Request, error) {
	token, err := c.OAuth.ClientCredentials(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	var raw []byte
	if body != nil {
		if raw, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Resource, "/")+path, bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	req.Header.Set("Accept", "application/json")
	req.Header.Set(interactionHeader, newUUID())
	if raw != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	if !signed {
		return req, nil
	}
	signature, err := c.Signature.Sign(raw)
	req.Header.Set(signatureHeader, signature)
	return req, err
}

func (c *EventClient) refused(op string, resp *http.Response, content []byte) error {
	var body eventErrors
	cause := fmt.Errorf("status %d", resp.StatusCode)
	if json.Unmarshal(content, &body) == nil && len(body.Errors) > 0 {
		first := body.Errors[0]
		cause = fmt.Errorf("status %d, %.60s at %.60q", resp.StatusCode, first.ErrorCode, first.Path)
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		e := onepoint.E(onepoint.CodeUnavailable, op, "the bank has trouble of its own; it will be tried again", cause)
		if resp.StatusCode == http.StatusTooManyRequests {
			e.Code, e.Msg = onepoint.CodeRateLimited, "the bank asks to wait"
		}
		e.Retry = fapi.RetryAfter(resp.Header, c.Now())
		return e
	case resp.StatusCode == http.StatusUnauthorized:
		return onepoint.E(onepoint.CodeTokenInvalid, op, "the bank does not accept the access", cause)
	case resp.StatusCode == http.StatusForbidden:
		return onepoint.E(onepoint.CodeForbidden, op, "the bank does not let us hear of its events", cause)
	case resp.StatusCode == http.StatusConflict:
		return onepoint.E(onepoint.CodeConflict, op, "there is a subscription already", cause)
	case resp.StatusCode == http.StatusNotFound:
		return onepoint.E(onepoint.CodeNotFound, op, "the bank tells no events", cause)
	}
	return onepoint.E(onepoint.CodeInvalid, op, "the bank did not accept the request", cause)
}

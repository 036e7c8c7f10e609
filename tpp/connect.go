package tpp

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/onepointledger/onepoint"
)

// journeyLife is how long a user may take at the bank before the callback is
// refused.
const journeyLife = time.Hour

// Connecting takes users through a bank's consent and keeps what comes of it.
type Connecting struct {
	Store       Connections
	Banks       Banks
	Sealer      Sealer
	RedirectURI string // ours, the same for every bank
	Now         onepoint.Clock
	NewID       onepoint.IDs
	Log         *slog.Logger
}

// ConnectRequest asks for a new connection.
type ConnectRequest struct {
	Workspace string
	Bank      string
	UserID    string // who must come back from the bank; empty for an API key
	Days      int    // how long the consent shall last; 0 for as long as the bank allows
	Purpose   string // [PurposeAccounts] when empty
	About     string // for [PurposeFunds]: the IBAN to ask about; empty lets the user choose at the bank
	PSU       onepoint.PSU
}

// CallbackRequest is what arrived at the redirect URI.
type CallbackRequest struct {
	Params url.Values
	UserID string // who is signed in; empty when nobody is
}

// Journey is the platform's memory of a user who is at the bank; it is sealed at
// rest. The connector never keeps it.
type Journey struct {
	State       string        `json:"state"`
	Nonce       string        `json:"nonce"`
	Verifier    string        `json:"verifier"`
	RedirectURI string        `json:"redirectUri"`
	ConsentID   string        `json:"consentId"`
	Access      AccessRequest `json:"access"`
	Purpose     string        `json:"purpose,omitempty"`
	About       string        `json:"about,omitempty"`
}

// AccessRequest is what the consent asks for.
type AccessRequest struct {
	Permissions []onepoint.Permission `json:"permissions"`
	Expires     time.Time             `json:"expires,omitzero"`
	From        time.Time             `json:"from,omitzero"`
}

func (j Journey) intent(psu onepoint.PSU) onepoint.Intent {
	var purpose onepoint.Purpose = onepoint.Access{Permissions: j.Access.Permissions, Expires: j.Access.Expires, From: j.Access.From}
	if j.Purpose == PurposeFunds {
		purpose = onepoint.Funds{Account: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: j.About}}
	}
	return onepoint.Intent{
		Purpose: purpose,
		State:   j.State, Nonce: j.Nonce, Verifier: onepoint.Secret(j.Verifier),
		RedirectURI: j.RedirectURI, PSU: psu, ConsentID: j.ConsentID,
	}
}

// Connect lodges a consent at the bank and returns the connection with the
// address the user must visit. Errors: [onepoint.CodeConflict] when the bank has
// no registration yet, and the connector's.
func (c *Connecting) Connect(ctx context.Context, req ConnectRequest) (Connection, error) {
	facts, err := c.Banks.Bank(req.Bank)
	if err != nil {
		return Connection{}, err
	}
	bank, err := c.Banks.Connector(ctx, req.Workspace, req.Bank)
	if err != nil {
		return Connection{}, err
	}
	journey, err := c.newJourney(req, facts)
	if err != nil {
		return Connection{}, err
	}
	auth, err := bank.Authorize(ctx, journey.intent(req.PSU))
	if err != nil {
		return Connection{}, onepoint.E("", "ask "+facts.Name+" for consent", "", err)
	}
	journey.ConsentID = auth.ConsentID
	return c.create(ctx, req, journey, auth)
}

func (c *Connecting) newJourney(req ConnectRequest, facts BankFacts) (Journey, error) {
	const op = "connect"
	if req.Days < 0 || (facts.ConsentDays > 0 && req.Days > facts.ConsentDays) {
		return Journey{}, onepoint.Missing(op, "days", fmt.Sprintf("%s allows 1 to %d days", facts.Name, facts.ConsentDays))
	}
	days := req.Days
	if days == 0 {
		days = facts.ConsentDays
	}
	j := Journey{State: random(), Nonce: random(), Verifier: random(), RedirectURI: c.RedirectURI, Purpose: cmp.Or(req.Purpose, PurposeAccounts), About: req.About}
	switch {
	case j.Purpose != PurposeAccounts && j.Purpose != PurposeFunds:
		return Journey{}, onepoint.Missing(op, "purpose", "must be accounts or funds")
	case j.About != "" && (j.Purpose != PurposeFunds || !onepoint.ValidIBAN(j.About)):
		return Journey{}, onepoint.Missing(op, "account", "must be an IBAN, with the purpose funds")
	case j.Purpose == PurposeFunds:
		return j, nil
	}
	j.Access.Permissions = []onepoint.Permission{
		onepoint.ReadAccountsDetail, onepoint.ReadBalances, onepoint.ReadTransactionsDetail,
		onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits, onepoint.ReadPAN,
	}
	if days > 0 {
		j.Access.Expires = c.Now().UTC().AddDate(0, 0, days).Truncate(time.Second)
	}
	return j, nil
}

func (c *Connecting) create(ctx context.Context, req ConnectRequest, j Journey, auth onepoint.Authorization) (Connection, error) {
	now := c.Now()
	conn := Connection{
		Workspace: req.Workspace, ID: c.NewID("con"), Bank: req.Bank, Status: ConnectionAwaiting,
		Purpose: j.Purpose, About: j.About, ConsentID: auth.ConsentID, Permissions: j.Access.Permissions, Expires: j.Access.Expires,
		CreatedBy: req.UserID, Redirect: auth.Redirect, StateHash: hashState(j.State),
		Created: now, Updated: now,
	}
	plain, err := json.Marshal(j)
	if err != nil {
		return Connection{}, fmt.Errorf("encode journey: %w", err)
	}
	if conn.Journey, err = c.Sealer.Seal(ctx, conn.Workspace, plain, bindJourney(conn)); err != nil {
		return Connection{}, fmt.Errorf("seal journey: %w", err)
	}
	if err := c.Store.CreateConnection(ctx, conn, event(onepoint.EventConnectionCreated, conn)); err != nil {
		return Connection{}, fmt.Errorf("store connection: %w", err)
	}
	return conn, nil
}

// Callback finishes the journey whose state came back. The state works once,
// within an hour, and, for a connection that a signed-in user began, only in
// that user's session. A user who refused at the bank is a refused Connection
// and no error.
func (c *Connecting) Callback(ctx context.Context, req CallbackRequest) (Connection, error) {
	const op = "return from the bank"
	stranger := onepoint.E(onepoint.CodeInvalid, op, "this return from a bank belongs to no connection that is waiting for one; start again with Connect a bank", nil)
	state := req.Params.Get("state")
	if state == "" || len(state) > 512 {
		return Connection{}, stranger
	}
	conn, err := c.Store.ConnectionByState(ctx, hashState(state))
	if err != nil {
		if onepoint.CodeOf(err) == onepoint.CodeNotFound {
			return Connection{}, stranger
		}
		return Connection{}, fmt.Errorf("find connection: %w", err)
	}
	if conn.CreatedBy != "" && conn.CreatedBy != req.UserID {
		return Connection{}, onepoint.E(onepoint.CodeForbidden, op, "sign in as the user who started this connection, and try again", nil)
	}
	claimed, err := c.claim(ctx, conn)
	if err != nil {
		return Connection{}, err
	}
	auth, err := c.resume(ctx, claimed, req.Params)
	if err != nil {
		return Connection{}, c.fail(ctx, claimed, err)
	}
	return c.finish(ctx, claimed, auth)
}

// claim uses the state up, so that of two callbacks only one goes on.
func (c *Connecting) claim(ctx context.Context, conn Connection) (Connection, error) {
	return c.Store.UpdateConnection(ctx, conn.Workspace, conn.ID, func(now *Connection) ([]onepoint.Event, error) {
		if now.StateHash == nil || now.Status != ConnectionAwaiting {
			return nil, onepoint.E(onepoint.CodeConflict, "return from the bank", "this return from the bank was used already", nil)
		}
		if c.Now().Sub(now.Created) > journeyLife {
			return nil, onepoint.E(onepoint.CodeConflict, "return from the bank", "this connection was started too long ago; start again", nil)
		}
		now.StateHash, now.Redirect, now.Updated = nil, "", c.Now()
		return nil, nil
	})
}

func (c *Connecting) resume(ctx context.Context, conn Connection, params url.Values) (onepoint.Authorization, error) {
	plain, err := c.Sealer.Unseal(ctx, conn.Workspace, conn.Journey, bindJourney(conn))
	if err != nil {
		return onepoint.Authorization{}, fmt.Errorf("open journey: %w", err)
	}
	var j Journey
	if err := json.Unmarshal(plain, &j); err != nil {
		return onepoint.Authorization{}, fmt.Errorf("decode journey: %w", err)
	}
	bank, err := c.Banks.Connector(ctx, conn.Workspace, conn.Bank)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	return bank.Resume(ctx, j.intent(onepoint.PSU{}), onepoint.Callback{Params: params})
}

// fail records why the journey ended and returns the reason.
func (c *Connecting) fail(ctx context.Context, conn Connection, cause error) error {
	wrapped := onepoint.E("", "finish the connection", "", cause)
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err := c.Store.UpdateConnection(saving, conn.Workspace, conn.ID, func(now *Connection) ([]onepoint.Event, error) {
		now.Status, now.Message, now.Journey, now.Updated = ConnectionRefused, onepoint.MessageOf(cause), nil, c.Now()
		return []onepoint.Event{event(onepoint.EventConnectionChanged, *now)}, nil
	})
	if err != nil {
		c.Log.ErrorContext(ctx, "record failed connection", "connection", conn.ID, "error", err)
	}
	return wrapped
}

func (c *Connecting) finish(ctx context.Context, conn Connection, auth onepoint.Authorization) (Connection, error) {
	var sealed []byte
	if auth.Phase == onepoint.PhaseAuthorised {
		var err error
		if sealed, err = sealGrant(ctx, c.Sealer, conn, auth.Grant); err != nil {
			return Connection{}, err
		}
	}
	return c.Store.UpdateConnection(ctx, conn.Workspace, conn.ID, func(now *Connection) ([]onepoint.Event, error) {
		now.Journey, now.Updated = nil, c.Now()
		if auth.Phase != onepoint.PhaseAuthorised {
			now.Status, now.Message = ConnectionRefused, auth.Reason
			return []onepoint.Event{event(onepoint.EventConnectionChanged, *now)}, nil
		}
		now.Status, now.Message, now.Grant = ConnectionActive, "", sealed
		if now.Purpose == PurposeFunds {
			return []onepoint.Event{event(onepoint.EventConnectionChanged, *now)}, nil // nothing to sync
		}
		return []onepoint.Event{event(onepoint.EventConnectionAuthorised, *now)}, nil
	})
}

// RequestSync asks for a sync in the background. [onepoint.CodeConflict] when
// the connection cannot be read.
func (c *Connecting) RequestSync(ctx context.Context, workspace, id string) (Connection, error) {
	conn, err := c.Store.Connection(ctx, workspace, id)
	if err != nil {
		return Connection{}, err
	}
	// Without a registration no sync can begin, and whoever follows it would wait
	// for nothing.
	if _, err := c.Banks.Connector(ctx, workspace, conn.Bank); onepoint.CodeOf(err) == onepoint.CodeConflict {
		return Connection{}, err
	}
	return c.Store.UpdateConnection(ctx, workspace, id, func(now *Connection) ([]onepoint.Event, error) {
		if now.Purpose == PurposeFunds {
			return nil, onepoint.E(onepoint.CodeConflict, "sync", "this connection confirms funds; it has no accounts to read", nil)
		}
		if now.Status != ConnectionActive {
			return nil, onepoint.E(onepoint.CodeConflict, "sync", "this connection has no consent in force; connect the bank again", nil)
		}
		return []onepoint.Event{event(onepoint.EventSyncRequested, *now)}, nil
	})
}

// Revoke ends the consent at the bank, then here. When the bank cannot be
// reached nothing changes, and the error says so. What was read stays.
func (c *Connecting) Revoke(ctx context.Context, workspace, id string) error {
	conn, err := c.Store.Connection(ctx, workspace, id)
	if err != nil {
		return err
	}
	if conn.Grant != nil {
		if err := c.revokeAtBank(ctx, conn); err != nil {
			return onepoint.E("", "revoke", "", err)
		}
	}
	_, err = c.Store.UpdateConnection(ctx, workspace, id, func(now *Connection) ([]onepoint.Event, error) {
		now.Status, now.Grant, now.Journey, now.StateHash, now.Redirect = ConnectionRevoked, nil, nil, nil, ""
		now.Message, now.Updated = "", c.Now()
		return []onepoint.Event{event(onepoint.EventConnectionChanged, *now)}, nil
	})
	return err
}

func (c *Connecting) revokeAtBank(ctx context.Context, conn Connection) error {
	bank, err := c.Banks.Connector(ctx, conn.Workspace, conn.Bank)
	if err != nil {
		return err
	}
	revoker, ok := bank.(onepoint.Revoker)
	if !ok {
		return nil
	}
	grant, err := openGrant(ctx, c.Sealer, conn)
	if err != nil {
		return err
	}
	return revoker.Revoke(ctx, grant)
}

func sealGrant(ctx context.Context, s Sealer, conn Connection, g onepoint.Grant) ([]byte, error) {
	plain, err := json.Marshal(g)
	if err != nil {
		return nil, fmt.Errorf("encode grant: %w", err)
	}
	sealed, err := s.Seal(ctx, conn.Workspace, plain, bindGrant(conn))
	if err != nil {
		return nil, fmt.Errorf("seal grant: %w", err)
	}
	return sealed, nil
}

func openGrant(ctx context.Context, s Sealer, conn Connection) (onepoint.Grant, error) {
	var g onepoint.Grant
	plain, err := s.Unseal(ctx, conn.Workspace, conn.Grant, bindGrant(conn))
	if err != nil {
		return g, fmt.Errorf("open grant: %w", err)
	}
	if err := json.Unmarshal(plain, &g); err != nil {
		return g, fmt.Errorf("decode grant: %w", err)
	}
	return g, nil
}

func bindJourney(c Connection) []byte {
	return []byte(c.Workspace + "|connections|" + c.ID + "|journey")
}

func bindGrant(c Connection) []byte { return []byte(c.Workspace + "|connections|" + c.ID + "|grant") }

func event(t onepoint.EventType, c Connection) onepoint.Event {
	data, err := json.Marshal(map[string]string{"bank": c.Bank, "status": string(c.Status)})
	if err != nil {
		panic(err) // two strings always encode
	}
	return onepoint.Event{Type: t, Subject: c.ID, Data: data}
}

func hashState(state string) []byte {
	h := sha256.Sum256([]byte(state))
	return h[:]
}

// random is 256 bits in base64url: 43 characters, fit for state, nonce and PKCE
// verifier (RFC 7636 section 4.1).
func random() string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand does not fail on any supported system
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

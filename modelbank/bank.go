package modelbank

import (
	"context"
	"log/slog"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// Core is the core banking system as the consent rules need it; package core
// implements it.
type Core interface {
	Accounts(ctx context.Context, customer string) ([]onepoint.Account, error)
	Balances(ctx context.Context, account string) ([]onepoint.Balance, error)
	Entries(ctx context.Context, account string, q core.Query) (onepoint.TransactionPage, error)
	Authenticate(ctx context.Context, login, password string) (core.Customer, error)
	Information
}

// Consents keeps consents.
type Consents interface {
	CreateConsent(ctx context.Context, c Lodged) error
	LodgedConsent(ctx context.Context, id string) (Lodged, error) // CodeNotFound
	// UpdateConsent changes a consent in one transaction that nobody else changes
	// it in. An error of fn changes nothing and is returned. CodeNotFound.
	UpdateConsent(ctx context.Context, id string, fn func(*Lodged) error) (Lodged, error)
	// ConsentsOf lists those that a customer gave, the newest first.
	ConsentsOf(ctx context.Context, customer string) ([]Lodged, error)
}

// Config is what the bank needs.
type Config struct {
	Core     Core
	Consents Consents
	// OnRevoke ends what hangs on a consent elsewhere, such as tokens. It is called
	// after the revocation was committed, and again when a revocation is repeated.
	OnRevoke func(ctx context.Context, consentID string) error
	Now      onepoint.Clock
	NewID    onepoint.IDs
	Log      *slog.Logger
}

// Bank is the model bank behind every API it serves. It implements
// [onepoint.ASPSP]; its methods are safe for concurrent use.
type Bank struct {
	core     Core
	consents Consents
	onRevoke func(ctx context.Context, consentID string) error
	now      onepoint.Clock
	newID    onepoint.IDs
	log      *slog.Logger
}

var _ onepoint.ASPSP = (*Bank)(nil)

// New makes the bank. OnRevoke may be nil.
func New(c Config) *Bank {
	b := &Bank{core: c.Core, consents: c.Consents, onRevoke: c.OnRevoke, now: c.Now, newID: c.NewID, log: c.Log}
	if b.onRevoke == nil {
		b.onRevoke = func(context.Context, string) error { return nil }
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	return b
}

// Lodge records a consent that awaits its user. CodeInvalid when the bank does
// not accept such a consent; Fields name what is wrong as UK Open Banking does.
func (b *Bank) Lodge(ctx context.Context, tpp onepoint.TPP, p onepoint.Purpose) (onepoint.Consent, error) {
	const op = "lodge consent"
	access, ok := p.(onepoint.Access)
	if !ok {
		return onepoint.Consent{}, onepoint.E(onepoint.CodeInvalid, op, "this bank accepts consents for account access only", nil)
	}
	now := b.instant()
	if err := validateAccess(access, now); err != nil {
		return onepoint.Consent{}, err
	}
	c := Lodged{Consent: onepoint.Consent{
		ID: b.newID("aac"), TPP: tpp, Status: onepoint.ConsentAwaiting, Access: access, Created: now, Updated: now,
	}}
	if err := b.consents.CreateConsent(ctx, c); err != nil {
		return onepoint.Consent{}, onepoint.E("", op, "", err)
	}
	b.log.InfoContext(ctx, "consent lodged", "consent", c.ID, "client", tpp.ClientID)
	return c.Consent, nil
}

// Consent returns a consent with the status it has now. CodeNotFound for an
// unknown one and for one that its TPP deleted, CodeForbidden for another TPP's.
func (b *Bank) Consent(ctx context.Context, tpp onepoint.TPP, id string) (onepoint.Consent, error) {
	const op = "read consent"
	c, err := b.consents.LodgedConsent(ctx, id)
	if err != nil {
		return onepoint.Consent{}, onepoint.E("", op, "", err)
	}
	if err := c.belongsTo(tpp.ClientID, op); err != nil {
		return onepoint.Consent{}, err
	}
	if !c.Deleted.IsZero() {
		return onepoint.Consent{}, onepoint.E(onepoint.CodeNotFound, op, "the consent was deleted", nil)
	}
	c.Status = c.statusAt(b.now())
	return c.Consent, nil
}

// Revoke ends a consent for good, at the TPP's wish. Repeating it is no error.
// CodeNotFound for an unknown consent, CodeForbidden for another TPP's.
func (b *Bank) Revoke(ctx context.Context, tpp onepoint.TPP, id string) error {
	const op = "revoke consent"
	now := b.instant()
	_, err := b.consents.UpdateConsent(ctx, id, func(c *Lodged) error {
		if err := c.belongsTo(tpp.ClientID, op); err != nil {
			return err
		}
		c.delete(now)
		return nil
	})
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	b.log.InfoContext(ctx, "consent revoked", "consent", id, "client", tpp.ClientID)
	if err := b.onRevoke(ctx, id); err != nil {
		return onepoint.E("", op, "", err)
	}
	return nil
}

// instant is now, as fine as the store keeps it.
func (b *Bank) instant() time.Time { return b.now().UTC().Truncate(time.Microsecond) }

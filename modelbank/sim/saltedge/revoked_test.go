package saltedge_test

import (
	"context"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim/saltedge"
)

// lodging remembers what was lodged at the bank.
type lodging struct {
	saltedge.Bank
	tpp onepoint.TPP
	id  string
}

func (l *lodging) Lodge(ctx context.Context, tpp onepoint.TPP, p onepoint.Purpose) (onepoint.Consent, error) {
	c, err := l.Bank.Lodge(ctx, tpp, p)
	l.tpp, l.id = tpp, c.ID
	return c, err
}

func TestRevokedAtTheBankIsRevokedHere(t *testing.T) {
	var bank *lodging
	r := newRig(t, func(c *saltedge.Config) { bank = &lodging{Bank: c.Bank}; c.Bank = bank })
	c := r.open(r.registered("ledger"))
	g := r.connected(t, c, "alice")
	if _, err := c.Accounts(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if err := bank.Revoke(t.Context(), bank.tpp, bank.id); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
		t.Errorf("after the revocation at the bank: %v", err)
	}
}

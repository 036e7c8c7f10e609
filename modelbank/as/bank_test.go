package as_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
)

// bank is a bank with intents of every kind and two customers.
type bank struct {
	mu       sync.Mutex
	intents  map[string]as.Intent
	clients  map[string]string // of the intents
	approved map[string][]string
	ended    map[string]bool
	locked   bool
}

var (
	_ as.Journey   = (*bank)(nil)
	_ as.Dashboard = (*bank)(nil)
)

func newBank() *bank {
	return &bank{
		approved: map[string][]string{}, ended: map[string]bool{}, clients: map[string]string{},
		intents: map[string]as.Intent{
			"acc": {ConsentID: "acc", TPPName: "Ledger App", Kind: as.IntentAccounts, Choose: as.ChooseMany, Permissions: []onepoint.Permission{onepoint.ReadAccountsBasic}},
			"pay": {ConsentID: "pay", TPPName: "Shop App", Kind: as.IntentPayments, Title: "Pay Acme Ltd?", Choose: as.ChooseOne, Currency: "GBP", Lines: []as.Line{{Label: "Amount", Value: "£10.00"}, {Label: "To", Value: "Acme Ltd"}}},
			"cof": {ConsentID: "cof", TPPName: "Card App", Kind: as.IntentFunds, Choose: as.ChooseOne, Only: "a1"},
			"vrp": {ConsentID: "vrp", TPPName: "Sweeper", Kind: as.IntentVRP, Title: "Let Sweeper pay?", Lines: []as.Line{{Label: "At most a month", Value: "£100.00"}}},
		},
	}
}

func (b *bank) change(id string, fn func(*as.Intent)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.intents[id]
	fn(&i)
	b.intents[id] = i
}

// Intent implements as.Journey.
func (b *bank) Intent(_ context.Context, clientID, id string) (as.Intent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := b.intents[id]
	switch {
	case !ok:
		return i, onepoint.E(onepoint.CodeNotFound, "intent", "there is none", nil)
	case b.clients[id] != "" && b.clients[id] != clientID:
		return i, onepoint.E(onepoint.CodeForbidden, "intent", "another TPP's", nil)
	case b.ended[id]:
		return i, onepoint.E(onepoint.CodeConflict, "intent", "it has ended", nil)
	}
	return i, nil
}

// Authenticate implements as.Journey.
func (b *bank) Authenticate(_ context.Context, login, password string) (as.Customer, error) {
	switch {
	case b.locked:
		return as.Customer{}, onepoint.E(onepoint.CodeRateLimited, "log in", "too many tries: wait", nil)
	case password != "right" || login != "alice" && login != "bob":
		return as.Customer{}, onepoint.E(onepoint.CodeUnauthenticated, "log in", "the login or the password is wrong", nil)
	}
	return as.Customer{ID: "cus_" + login, Name: login}, nil
}

// Accounts implements as.Journey.
func (b *bank) Accounts(context.Context, string) ([]as.Choice, error) {
	return []as.Choice{{ID: "a1", Name: "Everyday", Currency: "GBP"}, {ID: "a2", Name: "Euros", Currency: "EUR"}}, nil
}

// Approve implements as.Journey.
func (b *bank) Approve(_ context.Context, id, customer string, accounts []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.approved[id] = append([]string{customer}, accounts...)
	return nil
}

// Reject implements as.Journey.
func (b *bank) Reject(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended[id] = true
	return nil
}

// Connected implements as.Dashboard.
func (b *bank) Connected(_ context.Context, customer string) ([]as.Connection, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []as.Connection
	for id, by := range b.approved {
		if by[0] == customer {
			list = append(list, as.Connection{ConsentID: id, TPPName: b.intents[id].TPPName, Title: "Reads your accounts", Active: !b.ended[id], Given: time.Now()})
		}
	}
	slices.SortFunc(list, func(x, y as.Connection) int { return x.Given.Compare(y.Given) })
	return list, nil
}

// Disconnect implements as.Dashboard.
func (b *bank) Disconnect(_ context.Context, customer, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if by := b.approved[id]; len(by) == 0 || by[0] != customer {
		return onepoint.E(onepoint.CodeNotFound, "end", "you gave no such permission", nil)
	}
	b.ended[id] = true
	return nil
}

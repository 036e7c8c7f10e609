package modelbank

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/directory"
)

// statementPage is how many entries a page of the customer's statement shows.
const statementPage = 25

// ListQuery asks for a page of a list, newest first.
type ListQuery struct {
	Search string // empty for all
	After  string // the Next of the page before
	Limit  int
}

// ConsentQuery asks for a page of consents, newest first. Search finds a consent
// by its id, the login of its customer, or a part of its TPP's name.
type ConsentQuery struct {
	ListQuery
	Customer string                 // only this customer's; empty for all
	Status   onepoint.ConsentStatus // as it is Now; empty for any
	Now      time.Time
}

// Shows tells whether the consent belongs on the page, and brings its status up
// to Now.
func (q ConsentQuery) Shows(c *Lodged) bool {
	c.Status = c.statusAt(q.Now)
	return q.Status == "" || c.Status == q.Status
}

// Listed is a consent with its customer's login, empty until there is one.
type Listed struct {
	Lodged
	Login string
}

// ListedPage is one page of consents. Next is empty on the last one. A page with
// a Next may hold fewer than were asked for: a search looks only so far at once.
type ListedPage struct {
	Consents []Listed
	Next     string
}

// Count is how many there are of something. Over says that there are more, and
// that counting stopped.
type Count struct {
	Name string
	N    int
	Over bool
}

// PortalStore is what the portal reads beside the books. Every read is bounded,
// whatever the bank holds. All return CodeInvalid for an After that no page had.
type PortalStore interface {
	// ConsentPage lists consents.
	ConsentPage(ctx context.Context, q ConsentQuery) (ListedPage, error)
	// ConsentChanges lists consents by their last change, the latest first.
	ConsentChanges(ctx context.Context, q ListQuery, now time.Time) (ListedPage, error)
	// ConsentCounts counts consents by their status now.
	ConsentCounts(ctx context.Context, now time.Time) ([]Count, error)
	// ClientPage lists registered clients. Search finds one by its id, its
	// organisation's, or a part of its name.
	ClientPage(ctx context.Context, q ListQuery) (clients []as.Client, next string, err error)
	// ClientCount counts registered clients.
	ClientCount(ctx context.Context) (Count, error)
	// SoftwarePage lists the directory's software by organisation.
	SoftwarePage(ctx context.Context, q ListQuery) (software []directory.Software, next string, err error)
}

// Held is an account as its holder sees it.
type Held struct {
	onepoint.Account
	Name      string // what the customer calls it
	Number    string // as its owner is used to write it; a card's last four digits
	Booked    onepoint.Money
	Available onepoint.Money
}

// Portal is the bank as its own pages show it to a customer: only ever what is
// theirs.
type Portal struct {
	bank  *Bank
	store PortalStore
}

// Portal returns the bank's side of its portal.
func (b *Bank) Portal(s PortalStore) Portal { return Portal{bank: b, store: s} }

// Authenticate checks a customer's login. CodeUnauthenticated when it is wrong,
// CodeRateLimited while it is locked.
func (p Portal) Authenticate(ctx context.Context, login, password string) (as.Customer, error) {
	return p.bank.Journey().Authenticate(ctx, login, password)
}

// Accounts returns the customer's accounts with what is on them, closed ones
// last.
func (p Portal) Accounts(ctx context.Context, customer string) ([]Held, error) {
	const op = "list own accounts"
	accounts, err := p.bank.core.Accounts(ctx, customer)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	held := make([]Held, 0, len(accounts))
	for _, a := range accounts {
		h, err := p.held(ctx, a)
		if err != nil {
			return nil, onepoint.E("", op, "", err)
		}
		held = append(held, h)
	}
	slices.SortStableFunc(held, func(a, b Held) int {
		switch {
		case a.Closed == b.Closed:
			return 0
		case b.Closed:
			return -1
		}
		return 1
	})
	return held, nil
}

func (p Portal) held(ctx context.Context, a onepoint.Account) (Held, error) {
	h := Held{Account: a, Name: displayName(a), Number: shortNumber(a)}
	balances, err := p.bank.core.Balances(ctx, a.ID)
	if err != nil {
		return h, err
	}
	h.Booked = booked(balances)
	for _, b := range balances {
		if b.Type == onepoint.BalanceInterimAvailable {
			h.Available = b.Amount
		}
	}
	return h, nil
}

// shortNumber leaves out the digits of a card that are masked.
func shortNumber(a onepoint.Account) string {
	number := displayIdentifier(a)
	if rest := strings.TrimLeft(number, "X"); rest != number {
		return "•••• " + rest
	}
	return number
}

// Statement returns one of the customer's accounts with a page of its entries,
// newest first. CodeNotFound for an account that is not theirs, CodeInvalid for
// a cursor that this bank did not make.
func (p Portal) Statement(ctx context.Context, customer, account, cursor string) (Held, onepoint.TransactionPage, error) {
	const op = "read own statement"
	accounts, err := p.bank.core.Accounts(ctx, customer)
	if err != nil {
		return Held{}, onepoint.TransactionPage{}, onepoint.E("", op, "", err)
	}
	at := slices.IndexFunc(accounts, func(a onepoint.Account) bool { return a.ID == account })
	if at < 0 {
		return Held{}, onepoint.TransactionPage{}, onepoint.E(onepoint.CodeNotFound, op, "you have no such account", nil)
	}
	h, err := p.held(ctx, accounts[at])
	if err != nil {
		return h, onepoint.TransactionPage{}, onepoint.E("", op, "", err)
	}
	page, err := p.bank.core.Entries(ctx, account, core.Query{
		TransactionQuery: onepoint.TransactionQuery{Cursor: cursor, Limit: statementPage},
	})
	if err != nil {
		return h, page, onepoint.E("", op, "", err)
	}
	return h, page, nil
}

// Connections returns a page of the consents that the customer gave, the newest
// first.
func (p Portal) Connections(ctx context.Context, customer, after string, limit int) (ListedPage, error) {
	const op = "list own consents"
	if customer == "" {
		return ListedPage{}, onepoint.E(onepoint.CodeForbidden, op, "log in first", nil)
	}
	page, err := p.store.ConsentPage(ctx, ConsentQuery{
		ListQuery: ListQuery{After: after, Limit: limit}, Customer: customer, Now: p.bank.now(),
	})
	if err != nil {
		return page, onepoint.E("", op, "", err)
	}
	return page, nil
}

// Connection returns one consent that the customer gave, with its status now.
// CodeNotFound for one that is not theirs.
func (p Portal) Connection(ctx context.Context, customer, id string) (Lodged, error) {
	const op = "read own consent"
	c, err := p.bank.consents.LodgedConsent(ctx, id)
	if err == nil && (customer == "" || c.Customer != customer) {
		err = notGiven(op)
	}
	if err != nil {
		return Lodged{}, onepoint.E("", op, "", err)
	}
	c.Status = c.statusAt(p.bank.now())
	return c, nil
}

func notGiven(op string) error {
	return onepoint.E(onepoint.CodeNotFound, op, "you gave no such permission", nil)
}

// EndConnection revokes a consent at its customer's wish; its tokens end before
// this returns. CodeNotFound for one that is not theirs. Repeating it is no
// error.
func (p Portal) EndConnection(ctx context.Context, customer, id string) error {
	const op = "end own consent"
	now := p.bank.instant()
	_, err := p.bank.consents.UpdateConsent(ctx, id, func(c *Lodged) error {
		if customer == "" || c.Customer != customer {
			return notGiven(op)
		}
		if c.statusAt(now) == onepoint.ConsentAuthorised {
			c.Status, c.Updated = onepoint.ConsentRevoked, now
		}
		return nil
	})
	if err == nil {
		err = p.bank.onRevoke(ctx, id)
	}
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	p.bank.log.InfoContext(ctx, "consent ended by its customer", "consent", id)
	return nil
}

package tpp

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// Account is one account of the ledger. It outlives consents: the bank's
// resource id is only how to ask for it under the present one.
type Account struct {
	Workspace  string
	ID         string // ours
	Bank       string // profile id
	Connection string // the connection that reads it now
	ResourceID string // the bank's id under that connection
	Identity   string // what makes it the same account: see [IdentityOf]
	onepoint.Account
	Created time.Time
	Updated time.Time
}

// Balance is the latest balance of one type of one account.
type Balance struct {
	AccountID string
	onepoint.Balance
	Fetched time.Time
}

// Transaction is one row of the ledger.
type Transaction struct {
	Workspace            string
	ID                   string // ours; never changes
	AccountID            string
	Key                  string // match key within the account: see [Keys]
	Digest               string // of what the bank said; an equal digest is an unchanged row
	onepoint.Transaction        // Raw is sealed in storage
	FirstSeen            time.Time
	Updated              time.Time
}

// Change counts what a batch did to the ledger.
type Change struct {
	Seen    int `json:"seen"`
	Added   int `json:"added"`
	Updated int `json:"updated"`
}

// Ledger stores accounts, balances and transactions.
type Ledger interface {
	// SaveAccounts finds each account by (workspace, bank, Identity) and updates it,
	// or adds it with the ID given; it returns the stored accounts in order.
	SaveAccounts(ctx context.Context, accounts []Account) ([]Account, error)
	// SaveBalances replaces the account's balance of each type given.
	SaveBalances(ctx context.Context, workspace, account string, balances []Balance) error
	// SaveTransactions writes one batch of one account: a row whose Key is new is
	// added under the ID given, one whose Digest differs is updated in place and
	// keeps its ID and FirstSeen, an equal one is left alone. Rows and events commit
	// together; events are made from the outcome.
	SaveTransactions(ctx context.Context, workspace, account string, rows []Transaction, events func(Change) []onepoint.Event) (Change, error)
	// PendingKeys lists the keys of the account's rows that are pending and booked
	// on or after from (or have no booking date).
	PendingKeys(ctx context.Context, workspace, account string, from onepoint.Date) ([]string, error)
	// MarkVanished turns the pending rows with these keys to vanished.
	MarkVanished(ctx context.Context, workspace, account string, keys []string, at time.Time) error
}

// TransactionFilter selects rows of one workspace, newest first.
type TransactionFilter struct {
	Account string
	From    onepoint.Date
	To      onepoint.Date
	Text    string // every word must occur in information, counterparty or merchant, whatever the case
	Cursor  string // opaque, from the page before
	Limit   int
}

// Books is the ledger as its readers see it.
type Books interface {
	Accounts(ctx context.Context, workspace string) ([]Account, error)
	Account(ctx context.Context, workspace, id string) (Account, error)         // CodeNotFound
	Balances(ctx context.Context, workspace, account string) ([]Balance, error) // account "" for all
	Transactions(ctx context.Context, workspace string, f TransactionFilter) (rows []Transaction, next string, err error)
}

package tpp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	leaseLife    = 20 * time.Second // without news from its holder a sync counts as dead
	leaseRenewal = 5 * time.Second
	refreshAhead = time.Minute // a token that ends sooner is renewed first
	batchRows    = 500         // rows of one transaction in the database
	maxPages     = 100_000     // of one account; a bank whose pages never end is cut off here
)

// Syncing reads connections into the ledger. A sync may die at any instant: the
// next one begins every unfinished account at its first page again, and finds
// what is already there.
type Syncing struct {
	Connections Connections
	Ledger      Ledger
	Syncs       Syncs
	Banks       Banks
	Sealer      Sealer
	Events      EventLog
	Holder      string // names this process in leases
	Exclusive   bool   // no other process works on this store: its leases are left by a dead one
	Now         onepoint.Clock
	NewID       onepoint.IDs
	Log         *slog.Logger
}

// EventLog commits events that belong to no other row.
type EventLog interface {
	AppendEvents(ctx context.Context, workspace string, events ...onepoint.Event) error
}

// run is one sync while it lasts.
type run struct {
	*Syncing
	conn    Connection
	facts   BankFacts
	bank    onepoint.Connector
	reader  onepoint.AccountReader
	grant   onepoint.Grant
	sync    Sync
	renewed time.Time
	skipped []string // optional calls that failed, for the user
}

// Run syncs one connection. Errors: [onepoint.CodeConflict] with Retry when
// another sync holds the connection, [onepoint.CodeConsentExpired] when the user
// must consent again (the connection then says so), else the bank's.
func (s *Syncing) Run(ctx context.Context, workspace, connection string) error {
	conn, err := s.lease(ctx, workspace, connection)
	if err != nil {
		return err
	}
	defer s.release(ctx, conn)
	r := &run{Syncing: s, conn: conn, renewed: s.Now()}
	if err := r.begin(ctx); err != nil {
		return err
	}
	failure := r.read(ctx)
	if err := r.end(ctx, failure); err != nil {
		return errors.Join(failure, err)
	}
	return failure
}

func (s *Syncing) lease(ctx context.Context, workspace, id string) (Connection, error) {
	return s.Connections.UpdateConnection(ctx, workspace, id, func(c *Connection) ([]onepoint.Event, error) {
		now := s.Now()
		if c.Status != ConnectionActive {
			return nil, onepoint.E(onepoint.CodeConsentInvalid, "sync", "this connection has no consent in force; connect the bank again", nil)
		}
		foreign := c.LeaseHolder != s.Holder && s.Exclusive
		if c.LeaseUntil.After(now) && !foreign {
			e := onepoint.E(onepoint.CodeConflict, "sync", "this connection is syncing already", nil)
			e.Retry = max(c.LeaseUntil.Sub(now)/4, time.Second)
			return nil, e
		}
		c.LeaseHolder, c.LeaseUntil = s.Holder, now.Add(leaseLife)
		return nil, nil
	})
}

func (s *Syncing) release(ctx context.Context, conn Connection) {
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err := s.Connections.UpdateConnection(saving, conn.Workspace, conn.ID, func(c *Connection) ([]onepoint.Event, error) {
		if c.LeaseHolder == s.Holder {
			c.LeaseUntil = time.Time{}
		}
		return nil, nil
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "release sync lease", "connection", conn.ID, "error", err)
	}
}

// begin opens the bank and takes up the run that died, or starts a new one.
func (r *run) begin(ctx context.Context) error {
	var err error
	if r.facts, err = r.Banks.Bank(r.conn.Bank); err != nil {
		return err
	}
	if r.bank, err = r.Banks.Connector(ctx, r.conn.Workspace, r.conn.Bank); err != nil {
		return err
	}
	var ok bool
	if r.reader, ok = r.bank.(onepoint.AccountReader); !ok {
		return onepoint.E(onepoint.CodeConflict, "sync", r.facts.Name+" offers no account data", nil)
	}
	if r.grant, err = openGrant(ctx, r.Sealer, r.conn); err != nil {
		return err
	}
	last, err := r.Syncs.LastSync(ctx, r.conn.Workspace, r.conn.ID)
	switch {
	case err == nil && last.State == SyncRunning:
		r.sync = last
		r.sync.AccountsDone, r.sync.Change = 0, Change{Added: last.Change.Added, Updated: last.Change.Updated}
	case err == nil || onepoint.CodeOf(err) == onepoint.CodeNotFound:
		r.sync = Sync{
			Workspace: r.conn.Workspace, ID: r.NewID("syn"), Connection: r.conn.ID,
			State: SyncRunning, Started: r.Now(),
		}
	default:
		return fmt.Errorf("find the last sync: %w", err)
	}
	return r.report(ctx, onepoint.EventSyncProgress)
}

// read fetches everything. One account's failure does not keep the others from
// being read; the first failure is returned.
func (r *run) read(ctx context.Context) error {
	found, err := attempt(ctx, r, func(g onepoint.Grant) ([]onepoint.Account, error) {
		return r.reader.Accounts(ctx, g)
	})
	if err != nil {
		return onepoint.E("", "read accounts", "", err)
	}
	accounts, err := r.saveAccounts(ctx, found)
	if err != nil {
		return err
	}
	r.sync.AccountsTotal = len(accounts)
	var first error
	for _, account := range accounts {
		if err := r.readAccount(ctx, account); err != nil {
			if ctx.Err() != nil || needsUser(err) {
				return err
			}
			r.Log.WarnContext(ctx, "account not synced", "connection", r.conn.ID, "account", account.ID, "error", err)
			if first == nil {
				first = err
			}
			continue
		}
		r.sync.AccountsDone++
		if err := r.report(ctx, onepoint.EventSyncProgress); err != nil {
			return err
		}
	}
	return first
}

func (r *run) saveAccounts(ctx context.Context, found []onepoint.Account) ([]Account, error) {
	now := r.Now()
	rows := make([]Account, 0, len(found))
	for _, a := range found {
		rows = append(rows, Account{
			Workspace: r.conn.Workspace, ID: r.NewID("acc"), Bank: r.conn.Bank, Connection: r.conn.ID,
			ResourceID: a.ID, Identity: IdentityOf(a), Account: a, Created: now, Updated: now,
		})
	}
	saved, err := r.Ledger.SaveAccounts(ctx, rows)
	if err != nil {
		return nil, fmt.Errorf("save accounts: %w", err)
	}
	return saved, nil
}

func (r *run) readAccount(ctx context.Context, account Account) error {
	balances, err := attempt(ctx, r, func(g onepoint.Grant) ([]onepoint.Balance, error) {
		return r.reader.Balances(ctx, g, account.ResourceID)
	})
	switch {
	case err == nil:
		if err := r.Ledger.SaveBalances(ctx, account.Workspace, account.ID, r.stamped(account, balances)); err != nil {
			return fmt.Errorf("save balances: %w", err)
		}
	case ctx.Err() != nil || needsUser(err):
		return err
	default:
		// Balances are welcome, transactions essential: go on without.
		r.skipped = append(r.skipped, "balances of "+label(account)+": "+onepoint.MessageOf(err))
	}
	return r.readTransactions(ctx, account)
}

func (r *run) stamped(account Account, balances []onepoint.Balance) []Balance {
	rows := make([]Balance, 0, len(balances))
	for _, b := range balances {
		rows = append(rows, Balance{AccountID: account.ID, Balance: b, Fetched: r.Now()})
	}
	return rows
}

// window is which booking dates to ask for: everything the bank has the first
// time, later from the last complete sync back over the overlap, in which banks
// still change what they said.
func (r *run) window() onepoint.TransactionQuery {
	var q onepoint.TransactionQuery
	today := onepoint.DateOf(r.Now().UTC())
	if !r.conn.LastSync.IsZero() {
		q.From = onepoint.DateOf(r.conn.LastSync.UTC()).AddDays(-r.facts.OverlapDays)
	}
	if r.facts.HistoryDays > 0 {
		if oldest := today.AddDays(-r.facts.HistoryDays); q.From.Before(oldest) {
			q.From = oldest
		}
	}
	return q
}

func (r *run) readTransactions(ctx context.Context, account Account) error {
	q := r.window()
	keys := &Keys{StableIDs: r.facts.StableIDs}
	unseen, err := r.pending(ctx, account, q.From)
	if err != nil {
		return err
	}
	for range maxPages {
		page, err := attempt(ctx, r, func(g onepoint.Grant) (onepoint.TransactionPage, error) {
			return r.reader.Transactions(ctx, g, account.ResourceID, q)
		})
		if err != nil {
			return onepoint.E("", "read transactions", "", err)
		}
		if err := r.savePage(ctx, account, page.Transactions, keys, unseen); err != nil {
			return err
		}
		if page.Next == "" {
			return r.vanish(ctx, account, unseen)
		}
		if page.Next == q.Cursor {
			return onepoint.E(onepoint.CodeProtocol, "read transactions", "the bank's pages do not end", nil)
		}
		q.Cursor = page.Next
	}
	return onepoint.E(onepoint.CodeProtocol, "read transactions", "the bank's pages do not end", nil)
}

func (r *run) pending(ctx context.Context, account Account, from onepoint.Date) (map[string]bool, error) {
	keys, err := r.Ledger.PendingKeys(ctx, account.Workspace, account.ID, from)
	if err != nil {
		return nil, fmt.Errorf("list pending transactions: %w", err)
	}
	unseen := make(map[string]bool, len(keys))
	for _, k := range keys {
		unseen[k] = true
	}
	return unseen, nil
}

func (r *run) vanish(ctx context.Context, account Account, unseen map[string]bool) error {
	if len(unseen) == 0 {
		return nil
	}
	keys := make([]string, 0, len(unseen))
	for k := range unseen {
		keys = append(keys, k)
	}
	if err := r.Ledger.MarkVanished(ctx, account.Workspace, account.ID, keys, r.Now()); err != nil {
		return fmt.Errorf("mark vanished transactions: %w", err)
	}
	return nil
}

func (r *run) savePage(ctx context.Context, account Account, page []onepoint.Transaction, keys *Keys, unseen map[string]bool) error {
	rows := make([]Transaction, 0, len(page))
	for _, t := range page {
		row, err := r.row(ctx, account, t, keys)
		if err != nil {
			return err
		}
		delete(unseen, row.Key)
		rows = append(rows, row)
	}
	for len(rows) > 0 {
		n := min(len(rows), batchRows)
		change, err := r.Ledger.SaveTransactions(ctx, account.Workspace, account.ID, rows[:n], r.pageEvents(account))
		if err != nil {
			return fmt.Errorf("save transactions: %w", err)
		}
		r.sync.Change.Seen += change.Seen
		r.sync.Change.Added += change.Added
		r.sync.Change.Updated += change.Updated
		rows = rows[n:]
	}
	return r.renew(ctx)
}

func (r *run) row(ctx context.Context, account Account, t onepoint.Transaction, keys *Keys) (Transaction, error) {
	digest, err := DigestOf(t)
	if err != nil {
		return Transaction{}, err
	}
	now := r.Now()
	row := Transaction{
		Workspace: account.Workspace, ID: r.NewID("txn"), AccountID: account.ID, Key: keys.Next(t), Digest: digest,
		Transaction: t, FirstSeen: now, Updated: now,
	}
	bind := []byte(account.Workspace + "|transactions|" + account.ID + "|" + row.Key)
	if row.Raw, err = r.Sealer.Seal(ctx, account.Workspace, t.Raw, bind); err != nil {
		return Transaction{}, fmt.Errorf("seal the bank's payload: %w", err)
	}
	return row, nil
}

// attempt calls the bank with a token that is good for a while. When the bank
// refuses it all the same, it is renewed once and the call made again.
func attempt[T any](ctx context.Context, r *run, call func(onepoint.Grant) (T, error)) (T, error) {
	var none T
	if !r.grant.Expires.IsZero() && r.Now().Add(refreshAhead).After(r.grant.Expires) {
		if err := r.refresh(ctx); err != nil {
			return none, err
		}
	}
	result, err := call(r.grant)
	if onepoint.CodeOf(err) != onepoint.CodeTokenInvalid {
		return result, err
	}
	if err := r.refresh(ctx); err != nil {
		return none, err
	}
	return call(r.grant)
}

// refresh renews the token and keeps it before it is used: a rotated refresh
// token that is lost cannot be had again.
func (r *run) refresh(ctx context.Context) error {
	refresher, ok := r.bank.(onepoint.Refresher)
	if !ok || r.grant.RefreshToken == "" {
		return onepoint.E(onepoint.CodeConsentExpired, "renew access", "the bank's permission has ended; connect the bank again", nil)
	}
	grant, err := refresher.Refresh(ctx, r.grant)
	if err != nil {
		return onepoint.E("", "renew access", "", err)
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	sealed, err := sealGrant(saving, r.Sealer, r.conn, grant)
	if err != nil {
		return err
	}
	_, err = r.Connections.UpdateConnection(saving, r.conn.Workspace, r.conn.ID, func(c *Connection) ([]onepoint.Event, error) {
		if c.Status != ConnectionActive {
			return nil, onepoint.E(onepoint.CodeConsentInvalid, "renew access", "the connection was revoked meanwhile", nil)
		}
		c.Grant, c.Updated = sealed, r.Now()
		return nil, nil
	})
	if err != nil {
		return fmt.Errorf("keep the renewed grant: %w", err)
	}
	r.grant = grant
	return nil
}

// renew tells others that this sync lives.
func (r *run) renew(ctx context.Context) error {
	now := r.Now()
	if now.Sub(r.renewed) < leaseRenewal {
		return nil
	}
	r.renewed = now
	_, err := r.Connections.UpdateConnection(ctx, r.conn.Workspace, r.conn.ID, func(c *Connection) ([]onepoint.Event, error) {
		if c.Status != ConnectionActive || c.LeaseHolder != r.Holder {
			return nil, onepoint.E(onepoint.CodeConflict, "sync", "the connection was revoked or taken over meanwhile", nil)
		}
		c.LeaseUntil = now.Add(leaseLife)
		return nil, nil
	})
	return err
}

// needsUser reports whether only the user can help.
func needsUser(err error) bool {
	switch onepoint.CodeOf(err) {
	case onepoint.CodeConsentExpired, onepoint.CodeConsentInvalid, onepoint.CodeTokenInvalid:
		return true
	}
	return false
}

func label(a Account) string {
	switch {
	case a.Nickname != "":
		return a.Nickname
	case a.Product != "":
		return a.Product
	}
	return "an account"
}

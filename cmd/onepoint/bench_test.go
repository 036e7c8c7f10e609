package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/tpp"
)

const benchRows = 20_000

// benchStack is a stack with one connected, synced, busy account.
func benchStack(b *testing.B, engine string) (*testStack, tpp.Connection) {
	b.Helper()
	database, bankDatabase := "", ""
	if engine == "postgres" {
		database, bankDatabase = pgtest.URL(b), pgtest.URL(b)
	}
	s := startStack(b, "berka:"+busyAccount(b, benchRows), database, bankDatabase)
	if code, out, errs := s.command(b, "connect", "model-bank-uk", "--psu", "berka-1", "--approve", "--json"); code != 0 {
		b.Fatal(out, errs)
	}
	connections, err := s.Platform.db.Connections(context.Background(), s.Platform.Workspace)
	if err != nil || len(connections) != 1 {
		b.Fatal(len(connections), err)
	}
	return s, connections[0]
}

// BenchmarkIngest reads a whole account from the bank, over mutual TLS, into the
// ledger: once new, then unchanged.
func BenchmarkIngest(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			s, conn := benchStack(b, engine)
			first, err := s.Platform.db.LastSync(context.Background(), s.Platform.Workspace, conn.ID)
			if err != nil || first.Change.Added != benchRows {
				b.Fatalf("%+v, %v", first, err)
			}
			read := 0
			for b.Loop() {
				s.forgetLastSync(b, conn.ID) // the whole window again, not the overlap only
				if err := s.Platform.sync.Run(context.Background(), s.Platform.Workspace, conn.ID); err != nil {
					b.Fatal(err)
				}
				read += benchRows
			}
			b.ReportMetric(benchRows/first.Finished.Sub(first.Started).Seconds(), "new-rows/s")
			b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "unchanged-rows/s")
		})
	}
}

func (s *testStack) forgetLastSync(b *testing.B, connection string) {
	b.Helper()
	_, err := s.Platform.db.UpdateConnection(context.Background(), s.Platform.Workspace, connection, func(c *tpp.Connection) ([]onepoint.Event, error) {
		c.LastSync = time.Time{}
		return nil, nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkAccountRead reads pages of 100 transactions at the bank: mutual TLS,
// token and consent checked on every call, eight callers.
func BenchmarkAccountRead(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			s, _ := benchStack(b, engine)
			client, address, token := s.reader(b)
			const callers, calls = 8, 250
			var failed atomic.Int64
			total := 0
			for b.Loop() {
				var group sync.WaitGroup
				for range callers {
					group.Go(func() {
						for range calls {
							if err := readPage(client, address, token); err != nil {
								failed.Add(1)
							}
						}
					})
				}
				group.Wait()
				total += callers * calls
			}
			if failed.Load() > 0 {
				b.Fatalf("%d reads failed", failed.Load())
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "reads/s")
		})
	}
}

// reader gives what a raw read needs: the TPP's client, an address, a token.
func (s *testStack) reader(b *testing.B) (*http.Client, string, string) {
	b.Helper()
	ctx := context.Background()
	p := s.Platform
	profile, err := p.banks.profile(localBank)
	if err != nil {
		b.Fatal(err)
	}
	reg, err := p.onboard.Registration(ctx, p.Workspace, localBank)
	if err != nil {
		b.Fatal(err)
	}
	env, err := p.banks.env(ctx, p.Workspace, profile, reg.Progress.Client)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := p.banks.drivers[profile.Standard].Open(env)
	if err != nil {
		b.Fatal(err)
	}
	in := onepoint.Intent{
		Purpose: onepoint.Access{Permissions: []onepoint.Permission{
			onepoint.ReadAccountsDetail, onepoint.ReadTransactionsDetail, onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits,
		}},
		State: "bench", Nonce: "bench", Verifier: "a-verifier-of-the-bench-that-is-43-characters-long", RedirectURI: p.banks.redirect,
	}
	auth, err := conn.Authorize(ctx, in)
	if err != nil {
		b.Fatal(err)
	}
	br, err := newBrowser(s.Data, auth.Redirect)
	if err != nil {
		b.Fatal(err)
	}
	var params url.Values
	if params, err = br.consent(ctx, auth.Redirect, "berka-1", "onepoint-demo", true); err != nil {
		b.Fatal(err)
	}
	in.ConsentID = auth.ConsentID
	done, err := conn.Resume(ctx, in, onepoint.Callback{Params: params})
	if err != nil {
		b.Fatal(err)
	}
	return env.HTTP, profile.Endpoints.Resource + "/accounts/acc_berka_1/transactions", done.Grant.AccessToken
}

func readPage(client *http.Client, address, token string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || n < 20_000 {
		return fmt.Errorf("status %d, %d bytes, %w", resp.StatusCode, n, err)
	}
	return nil
}

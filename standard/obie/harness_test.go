package obie_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/standard/obie"
	"github.com/onepointledger/onepoint/store"
)

const (
	bankURL = "https://bank.example"
	v3Base  = "/open-banking/v3.1/aisp"
	v4Base  = "/open-banking/v4.0/aisp"
)

// model is the model bank behind the API, with tokens that the test makes.
type model struct {
	*obie.Server
	bank   *modelbank.Bank
	core   *core.Core
	tokens map[string]fapi.TokenInfo
	now    time.Time
}

// CheckToken implements obie.TokenChecker.
func (m *model) CheckToken(_ context.Context, bearer string, _ *x509.Certificate) (fapi.TokenInfo, error) {
	info, ok := m.tokens[bearer]
	if !ok {
		return info, onepoint.E(onepoint.CodeTokenInvalid, "check token", "the token is unknown", nil)
	}
	return info, nil
}

func newModel(tb testing.TB) *model {
	tb.Helper()
	m := &model{tokens: map[string]fapi.TokenInfo{}, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	log, clock := slog.New(slog.DiscardHandler), func() time.Time { return m.now }
	db, err := store.OpenBank(context.Background(), "sqlite:"+filepath.Join(tb.TempDir(), "bank.db"), log)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		tb.Fatal(err)
	}
	ids := onepoint.NewIDs(clock)
	m.core = core.New(core.Config{Store: db, Now: clock, NewID: ids, Zone: zone, Log: log})
	if err := m.core.Seed(context.Background(), onepoint.DateOf(m.now)); err != nil {
		tb.Fatal(err)
	}
	m.bank = modelbank.New(modelbank.Config{Core: m.core, Consents: db, Now: clock, NewID: ids, Log: log})
	if m.Server, err = obie.NewServer(obie.ServerConfig{
		BaseURL: bankURL, Bank: m.bank, Tokens: m, Zone: zone, PageSize: 25, Now: clock, NewID: ids, Log: log,
	}); err != nil {
		tb.Fatal(err)
	}
	m.tokens["client"] = fapi.TokenInfo{ClientID: "client-1", OrganisationID: "PSDGB-FCA-123456", GrantType: "client_credentials", Scopes: []string{"accounts"}}
	return m
}

// fataler is a test, rapid's too.
type fataler interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// user makes a token for a consent.
func (m *model) user(name, consent string) {
	m.tokens[name] = fapi.TokenInfo{ClientID: "client-1", GrantType: "authorization_code", Scopes: []string{"openid", "accounts"}, ConsentID: consent}
}

// granted lodges and approves a consent through the bank and returns its id; a
// token of the same name reads under it.
func (m *model) granted(tb fataler, name, customer string, a onepoint.Access, accounts ...string) string {
	c, err := m.bank.Lodge(context.Background(), onepoint.TPP{ClientID: "client-1"}, a)
	if err != nil {
		tb.Fatal(err)
	}
	if err := m.bank.Journey().Approve(context.Background(), c.ID, customer, accounts); err != nil {
		tb.Fatal(err)
	}
	m.user(name, c.ID)
	return c.ID
}

func everyPermission() []onepoint.Permission {
	return []onepoint.Permission{
		onepoint.ReadAccountsDetail, onepoint.ReadBalances, onepoint.ReadBeneficiariesDetail, onepoint.ReadDirectDebits, onepoint.ReadOffers,
		onepoint.ReadPAN, onepoint.ReadParty, onepoint.ReadPartyPSU, onepoint.ReadProducts, onepoint.ReadScheduledPaymentsDetail,
		onepoint.ReadStandingOrdersDetail, onepoint.ReadStatementsDetail, onepoint.ReadTransactionsDetail,
		onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits,
	}
}

// request is one call as its test wants it.
type request struct {
	method, path, token, body string
	header                    map[string]string
}

func (q request) http() *http.Request {
	r := httptest.NewRequest(q.method, bankURL+q.path, bytes.NewReader([]byte(q.body)))
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range q.header {
		r.Header.Set(k, v)
	}
	return r
}

func (m *model) do(q request) *http.Response {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, q.http())
	return w.Result()
}

// get reads a path and decodes its JSON.
func (m *model) get(tb fataler, path, token string) (int, map[string]any) {
	resp := m.do(request{method: http.MethodGet, path: path, token: token})
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	var body map[string]any
	if len(content) > 0 {
		if err := json.Unmarshal(content, &body); err != nil {
			tb.Fatalf("%s: %v: %.200s", path, err, content)
		}
	}
	return resp.StatusCode, body
}

package obie_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// spelled are the codes of the table as each version writes them (OB_Internal_CodeSet,
// and the error codes of 3.1).
func spelled(base, code string) string {
	if base == v4Base || code == "" {
		return code
	}
	return "UK.OBIE." + map[string]string{
		"U002": "Field.Invalid", "U003": "Field.InvalidDate", "U004": "Field.Missing", "U005": "Field.Unexpected",
		"U008": "Resource.ConsentMismatch", "U009": "Resource.InvalidConsentStatus", "U010": "Resource.InvalidFormat",
		"U011": "Resource.NotFound", "U028": "Reauthenticate",
	}[code]
}

// wantRefusal checks status and code, and that the body is the version's.
func (m *model) wantRefusal(t *testing.T, base string, q request, status int, code string) {
	t.Helper()
	resp := m.do(q)
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("x-fapi-interaction-id") == "" {
		t.Errorf("%s %s: no interaction id", q.method, q.path)
	}
	if code == "" {
		if resp.StatusCode != status || len(content) > 0 {
			t.Errorf("%s %s: %d %q, want %d without body", q.method, q.path, resp.StatusCode, content, status)
		}
		return
	}
	var body struct {
		Code, ID, Message string
		Errors            []struct{ ErrorCode, Message, Path string }
	}
	if err := json.Unmarshal(content, &body); err != nil || len(body.Errors) == 0 {
		t.Errorf("%s %s: %d %q, want %d %s", q.method, q.path, resp.StatusCode, content, status, spelled(base, code))
		return
	}
	if resp.StatusCode != status || body.Errors[0].ErrorCode != spelled(base, code) {
		t.Errorf("%s %s: %d %s, want %d %s", q.method, q.path, resp.StatusCode, content, status, spelled(base, code))
	}
	if legacy := base == v3Base; legacy != (body.Code != "") || legacy != (body.Message != "") {
		t.Errorf("%s %s: Code %q and Message %q are 3.1's alone", q.method, q.path, body.Code, body.Message)
	}
}

// dataPaths are the operations that read under a user's consent, each with a
// permission set that lacks what it needs.
func dataPaths() map[string][]onepoint.Permission {
	accounts := []onepoint.Permission{onepoint.ReadAccountsBasic}
	out := map[string][]onepoint.Permission{"/accounts": nil, "/accounts/{account}": nil}
	for _, p := range []string{"balances", "transactions", "beneficiaries", "direct-debits", "standing-orders", "scheduled-payments", "offers", "statements"} {
		out["/"+p], out["/accounts/{account}/"+p] = accounts, accounts
	}
	for _, p := range []string{"/products", "/party", "/accounts/{account}/product", "/accounts/{account}/party", "/accounts/{account}/parties"} {
		out[p] = accounts
	}
	const one = "/accounts/{account}/statements/acc_alice_current.202610"
	out[one], out[one+"/transactions"] = accounts, accounts
	out[one+"/file"] = append(accounts, onepoint.ReadStatementsBasic)
	return out
}

func TestReadsAreRefusedAsTheStandardSays(t *testing.T) {
	for _, base := range []string{v3Base, v4Base} {
		t.Run(base, func(t *testing.T) {
			m := newModel(t)
			m.consentsOfEveryKind(t, base)
			for path, lacking := range dataPaths() {
				filled := base + strings.ReplaceAll(path, "{account}", "acc_alice_current")
				for _, c := range []struct {
					token  string
					status int
					code   string
				}{
					{"", 401, ""},
					{"unknown", 401, ""},
					{"client", 401, ""}, // of the wrong grant
					{"scopeless", 403, "U008"},
					{"stranger", 403, "U008"},
					{"waiting", 403, "U009"},
					{"rejected", 403, "U009"},
					{"deleted", 403, "U009"},
					{"expired", 403, "U028"},
				} {
					m.wantRefusal(t, base, request{method: http.MethodGet, path: filled, token: c.token}, c.status, c.code)
				}
				if lacking != nil {
					m.granted(t, "lacking", "cus_alice", onepoint.Access{Permissions: lacking}, "acc_alice_current")
					m.wantRefusal(t, base, request{method: http.MethodGet, path: filled, token: "lacking"}, 403, "U008")
				}
				m.wantRefusal(t, base, request{method: http.MethodPost, path: filled, token: "good", body: "{}"}, 405, "")
				m.wantRefusal(t, base, request{method: http.MethodGet, path: filled, token: "good", header: map[string]string{"Accept": "application/xml"}}, 406, "")
				if strings.Contains(path, "{account}") {
					for _, other := range []string{"acc_alice_savings", "acc_bob_gbp", "acc_nobody", "internal:cash:GBP"} {
						m.wantRefusal(t, base, request{method: http.MethodGet, path: base + strings.ReplaceAll(path, "{account}", other), token: "good"}, 403, "U008")
					}
				}
				if resp := m.do(request{method: http.MethodGet, path: filled, token: "good"}); resp.StatusCode != http.StatusOK {
					t.Errorf("%s: %d with everything right", filled, resp.StatusCode)
				}
			}
		})
	}
}

// consentsOfEveryKind makes one token for each state of a consent.
func (m *model) consentsOfEveryKind(t *testing.T, base string) {
	t.Helper()
	all := onepoint.Access{Permissions: everyPermission()}
	soon := all
	soon.Expires = m.now.Add(time.Minute)
	m.granted(t, "expired", "cus_alice", soon, "acc_alice_current")
	m.now = m.now.Add(time.Hour)
	good := m.granted(t, "good", "cus_alice", all, "acc_alice_current")
	m.tokens["scopeless"] = fapi.TokenInfo{ClientID: "client-1", GrantType: "authorization_code", Scopes: []string{"payments"}, ConsentID: good}
	m.tokens["stranger"] = fapi.TokenInfo{ClientID: "client-2", GrantType: "authorization_code", Scopes: []string{"accounts"}, ConsentID: good}
	deleted := m.granted(t, "deleted", "cus_alice", all, "acc_alice_current")
	m.tokens["clientless"] = fapi.TokenInfo{ClientID: "client-1", GrantType: "client_credentials", Scopes: []string{"payments"}}
	if resp := m.do(request{method: http.MethodDelete, path: base + "/account-access-consents/" + deleted, token: "client"}); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("delete: %d", resp.StatusCode)
	}
	for name, reject := range map[string]bool{"waiting": false, "rejected": true} {
		c, err := m.bank.Lodge(context.Background(), onepoint.TPP{ClientID: "client-1"}, all)
		if err != nil {
			t.Fatal(err)
		}
		if reject {
			if err := m.bank.Journey().Reject(context.Background(), c.ID); err != nil {
				t.Fatal(err)
			}
		}
		m.user(name, c.ID)
	}
}

func TestFiltersAndPlacesAreRefusedAsTheStandardSays(t *testing.T) {
	for _, base := range []string{v3Base, v4Base} {
		m := newModel(t)
		m.granted(t, "good", "cus_alice", onepoint.Access{Permissions: everyPermission()}, "acc_alice_current")
		one := base + "/accounts/acc_alice_current"
		for path, code := range map[string]string{
			one + "/transactions?fromBookingDateTime=yesterday":                                                 "U003",
			base + "/transactions?toBookingDateTime=2026-02-30":                                                 "U003",
			one + "/transactions?fromBookingDateTime=2026-11-02&toBookingDateTime=2026-11-01":                   "U002",
			one + "/transactions?page=not-a-page":                                                               "U002",
			base + "/transactions?page=not-a-page":                                                              "U002",
			one + "/statements?fromStatementDateTime=soon":                                                      "U003",
			base + "/statements?fromStatementDateTime=2026-11-02T00:00:00&toStatementDateTime=2026-11-01T00:00": "U002",
			one + "/statements/acc_alice_current.190001":                                                        "U011",
			one + "/statements/acc_alice_savings.202610":                                                        "U011",
			one + "/statements/nothing/transactions":                                                            "U011",
			one + "/statements/nothing/file":                                                                    "U011",
			base + "/account-access-consents/aac_nobody":                                                        "U011",
		} {
			token := "good"
			if strings.Contains(path, "consents") {
				token = "client"
			}
			m.wantRefusal(t, base, request{method: http.MethodGet, path: path, token: token}, 400, code)
		}
		m.wantRefusal(t, base, request{method: http.MethodGet, path: base + "/cheques", token: "good"}, 404, "")
	}
}

package obie_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestConsentRequestsAreRefusedAsTheStandardSays(t *testing.T) {
	with := func(permissions string) string { return `{"Data":{"Permissions":[` + permissions + `]},"Risk":{}}` }
	bodies := map[string]struct{ body, code string }{
		"no JSON":                       {`{"Data":`, "U010"},
		"an array":                      {`[]`, "U010"},
		"two objects":                   {with(`"ReadAccountsBasic"`) + with(`"ReadAccountsBasic"`), "U010"},
		"too large":                     {`{"Data":{"Permissions":["` + strings.Repeat("x", 70<<10) + `"]},"Risk":{}}`, "U010"},
		"null":                          {`null`, "U004"},
		"no Data":                       {`{"Risk":{}}`, "U004"},
		"no Permissions":                {`{"Data":{},"Risk":{}}`, "U004"},
		"no Risk":                       {`{"Data":{"Permissions":["ReadAccountsBasic"]}}`, "U004"},
		"an unknown field":              {`{"Data":{"Permissions":["ReadAccountsBasic"],"Purpose":"x"},"Risk":{}}`, "U005"},
		"a field in other letters":      {`{"data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}`, "U005"},
		"a field twice":                 {`{"Data":{"Permissions":["ReadAccountsBasic"],"Permissions":["ReadAccountsDetail"]},"Risk":{}}`, "U005"},
		"objects without end":           {strings.Repeat(`{"Data":`, 7000), "U005"},
		"lists without end":             {strings.Repeat(`[`, 60000), "U010"},
		"a field in Risk":               {`{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{"Payment":1}}`, "U005"},
		"a text for a list":             {`{"Data":{"Permissions":"ReadAccountsBasic"},"Risk":{}}`, "U002"},
		"a date that is none":           {`{"Data":{"Permissions":["ReadAccountsBasic"],"ExpirationDateTime":"soon"},"Risk":{}}`, "U003"},
		"a day that is none":            {`{"Data":{"Permissions":["ReadAccountsBasic"],"TransactionFromDateTime":"2026-02-30T00:00:00Z"},"Risk":{}}`, "U003"},
		"an expiry in the past":         {`{"Data":{"Permissions":["ReadAccountsBasic"],"ExpirationDateTime":"2026-11-20T00:00:00Z"},"Risk":{}}`, "U002"},
		"a window the wrong way":        {`{"Data":{"Permissions":["ReadAccountsBasic"],"TransactionFromDateTime":"2026-11-20T00:00:00Z","TransactionToDateTime":"2026-11-19T00:00:00Z"},"Risk":{}}`, "U002"},
		"no permission":                 {with(``), "U002"},
		"an unknown permission":         {with(`"ReadAccountsBasic","ReadMinds"`), "U002"},
		"a permission in other letters": {with(`"readaccountsbasic"`), "U002"},
		"balances without accounts":     {with(`"ReadBalances"`), "U002"},
		"rows without a direction":      {with(`"ReadAccountsBasic","ReadTransactionsBasic"`), "U002"},
		"detail without a direction":    {with(`"ReadAccountsBasic","ReadTransactionsDetail"`), "U002"},
		"credits without rows":          {with(`"ReadAccountsBasic","ReadTransactionsCredits"`), "U002"},
		"debits without rows":           {with(`"ReadAccountsBasic","ReadTransactionsDebits"`), "U002"},
	}
	for _, base := range []string{v3Base, v4Base} {
		m := newModel(t)
		m.consentsOfEveryKind(t, base)
		q := request{method: http.MethodPost, path: base + "/account-access-consents", token: "client"}
		for name, tt := range bodies {
			t.Run(base[14:18]+" "+name, func(t *testing.T) {
				q := q
				q.body = tt.body
				m.wantRefusal(t, base, q, 400, tt.code)
			})
		}
		q.body = with(`"ReadAccountsBasic"`)
		for _, c := range []struct {
			token, media string
			status       int
			code         string
		}{
			{"", "application/json", 401, ""},
			{"unknown", "application/json", 401, ""},
			{"good", "application/json", 401, ""},
			{"clientless", "application/json", 403, "U008"},
			{"client", "text/plain", 415, ""},
			{"client", "application/jose", 415, ""},
		} {
			q.token, q.header = c.token, map[string]string{"Content-Type": c.media}
			m.wantRefusal(t, base, q, c.status, c.code)
		}
		m.wantRefusal(t, base, request{method: http.MethodGet, path: q.path, token: "client"}, 405, "")
		m.strangers(t, base)
	}
}

// strangers: a consent is its own TPP's to read and to delete.
func (m *model) strangers(t *testing.T, base string) {
	t.Helper()
	m.tokens["other client"] = m.tokens["client"]
	other := m.tokens["client"]
	other.ClientID = "client-2"
	m.tokens["other client"] = other
	path := base + "/account-access-consents/" + m.tokens["good"].ConsentID
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		m.wantRefusal(t, base, request{method: method, path: path, token: "other client"}, 403, "U008")
		m.wantRefusal(t, base, request{method: method, path: path, token: "good"}, 401, "")
		m.wantRefusal(t, base, request{method: method, path: path}, 401, "")
		m.wantRefusal(t, base, request{method: method, path: path, token: "clientless"}, 403, "U008")
	}
}

func TestAConsentServesItsVersionAndNewerOnes(t *testing.T) {
	m := newModel(t)
	lodge := func(base string) string {
		resp := m.do(request{method: http.MethodPost, path: base + "/account-access-consents", token: "client", body: `{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}`})
		var body struct {
			Data struct{ ConsentID, Status string }
		}
		content, err := io.ReadAll(resp.Body)
		if err == nil {
			err = json.Unmarshal(content, &body)
		}
		if err != nil || resp.StatusCode != http.StatusCreated {
			t.Fatalf("%d %s %v", resp.StatusCode, content, err)
		}
		if want := map[string]string{v3Base: "AwaitingAuthorisation", v4Base: "AWAU"}[base]; body.Data.Status != want {
			t.Errorf("status %s, want %s", body.Data.Status, want)
		}
		if err := m.bank.Journey().Approve(t.Context(), body.Data.ConsentID, "cus_alice", []string{"acc_alice_current"}); err != nil {
			t.Fatal(err)
		}
		return body.Data.ConsentID
	}
	old, young := lodge(v3Base), lodge(v4Base)
	m.user("old", old)
	m.user("young", young)
	status := func(path, token string) any {
		code, body := m.get(t, path, token)
		if code != http.StatusOK {
			t.Fatalf("%s: %d %v", path, code, body)
		}
		return body["Data"].(map[string]any)["Status"]
	}
	if got := status(v3Base+"/account-access-consents/"+old, "client"); got != "Authorised" {
		t.Errorf("3.1 shows its own as %v", got)
	}
	if got := status(v4Base+"/account-access-consents/"+old, "client"); got != "AUTH" {
		t.Errorf("4.0 shows the older as %v", got)
	}
	status(v4Base+"/accounts", "old")
	status(v4Base+"/accounts", "young")
	for _, path := range []string{"/accounts", "/accounts/acc_alice_current"} {
		m.wantRefusal(t, v3Base, request{method: http.MethodGet, path: v3Base + path, token: "young"}, 403, "U008")
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		m.wantRefusal(t, v3Base, request{method: method, path: v3Base + "/account-access-consents/" + young, token: "client"}, 403, "U008")
	}
	if resp := m.do(request{method: http.MethodDelete, path: v4Base + "/account-access-consents/" + old, token: "client"}); resp.StatusCode != http.StatusNoContent {
		t.Errorf("4.0 deletes the older: %d", resp.StatusCode)
	}
	m.wantRefusal(t, v3Base, request{method: http.MethodGet, path: v3Base + "/accounts", token: "old"}, 403, "U009")
}

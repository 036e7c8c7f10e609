package berlin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// bank answers each call from a list, by method and path; the last one again.
type bank struct {
	t       *testing.T
	answers map[string][]string
	calls   []*http.Request
}

func (b *bank) RoundTrip(r *http.Request) (*http.Response, error) {
	b.calls = append(b.calls, r)
	key := r.Method + " " + r.URL.Path
	list := b.answers[key]
	if len(list) == 0 {
		return nil, errors.New("no answer for " + key)
	}
	if len(list) > 1 {
		b.answers[key] = list[1:]
	}
	status := http.StatusOK
	body := list[0]
	if code, rest, ok := strings.Cut(body, "|"); ok {
		status, body = map[string]int{"400": 400, "401": 401, "403": 403, "404": 404, "409": 409, "429": 429, "500": 500, "302": 302}[code], rest
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Location": {"https://evil.example/"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

func noon() time.Time { return time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T, answers map[string][]string) (*berlin.Client, *bank) {
	t.Helper()
	b := &bank{t: t, answers: answers}
	c, err := berlin.NewClient(berlin.ClientConfig{
		Base: "https://bank.example/psd2/v1", HTTP: &http.Client{Transport: b}, Zone: time.UTC, Now: noon, NewID: onepoint.NewIDs(noon),
		Quirks: berlin.Quirks{Poll: berlin.Poll{Attempts: 3, Interval: time.Millisecond}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

func access() onepoint.Intent {
	return onepoint.Intent{
		Purpose: onepoint.Access{Permissions: []onepoint.Permission{onepoint.ReadBalances, onepoint.ReadTransactionsDetail}, Expires: noon().AddDate(1, 0, 0)},
		State:   "the-state", RedirectURI: "https://tpp.example/back?a=b", PSU: onepoint.PSU{IP: "192.0.2.7", UserAgent: "Firefox"}, ConsentID: "old",
	}
}

// What Salt Edge's sandbox answered in April 2026.
const (
	created = `{"consentId":"385716","consentStatus":"accepted","_links":{
  "status":{"href":"/artea_sandbox/api/berlingroup/v1/consents/385716/status"},
  "scaStatus":{"href":"/artea_sandbox/api/berlingroup/v1/consents/385716/authorisations/569261"}}}`
	ready = `{"access":{"allPsd2":"allAccounts"},"recurringIndicator":true,"validUntil":"2026-04-30T00:00:00Z","frequencyPerDay":4,
 "consentStatus":"received","_links":{"status":{"href":"/x"},"scaStatus":{"href":"/y"},
 "scaRedirect":{"href":"https://connector.saltedge.com/artea_sandbox/oauth/aisp/authorize/e1457354-724c-4d9c-8e5d-cbfba66d616b"}}}`
)

func TestAuthorizeWaitsForTheUsersAddress(t *testing.T) {
	c, b := open(t, map[string][]string{
		"POST /psd2/v1/consents": {created}, "GET /psd2/v1/consents/385716": {created, created, ready},
	})
	auth, err := c.Authorize(t.Context(), access())
	if err != nil || auth.ConsentID != "385716" || auth.Redirect != "https://connector.saltedge.com/artea_sandbox/oauth/aisp/authorize/e1457354-724c-4d9c-8e5d-cbfba66d616b" {
		t.Fatalf("got %+v, %v", auth, err)
	}
	post := b.calls[0]
	if got := post.Header.Get("TPP-Redirect-URI"); got != "https://tpp.example/back?a=b&state=the-state" {
		t.Errorf("redirect %s", got)
	}
	if post.Header.Get("TPP-Redirect-Preferred") != "true" || post.Header.Get("PSU-IP-Address") != "192.0.2.7" || len(post.Header.Get("X-Request-ID")) != 36 {
		t.Errorf("headers %v", post.Header)
	}
	body, err := post.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	const want = `{"access":{"allPsd2":"allAccounts"},"recurringIndicator":true,"validUntil":"2026-09-27","frequencyPerDay":4,"combinedServiceIndicator":false}`
	if err != nil || string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestAuthorizeEndsWithoutAnAddress(t *testing.T) {
	rejected := strings.Replace(created, `"accepted"`, `"rejected"`, 1)
	plain := strings.Replace(ready, "https://connector", "http://connector", 1)
	for name, tt := range map[string]struct {
		polls []string
		want  onepoint.Code
	}{
		"the bank rejects it":       {[]string{created, rejected}, onepoint.CodeConsentInvalid},
		"the bank is slow":          {[]string{created}, onepoint.CodeUnavailable},
		"an address without TLS":    {[]string{plain}, onepoint.CodeProtocol},
		"the bank forgets it":       {[]string{`403|{"tppMessages":[{"category":"ERROR","code":"CONSENT_UNKNOWN","text":"x"}]}`}, onepoint.CodeConsentInvalid},
		"the bank answers nonsense": {[]string{`[]`}, onepoint.CodeProtocol},
	} {
		c, _ := open(t, map[string][]string{"POST /psd2/v1/consents": {created}, "GET /psd2/v1/consents/385716": tt.polls})
		if _, err := c.Authorize(t.Context(), access()); onepoint.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	c, _ := open(t, map[string][]string{"POST /psd2/v1/consents": {created}, "GET /psd2/v1/consents/385716": {created}})
	c.Quirks.Poll.Interval = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Authorize(ctx, access()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller who gives up: %v", err)
	}
	c, _ = open(t, map[string][]string{"POST /psd2/v1/consents": {`{}`}})
	if _, err := c.Authorize(t.Context(), access()); onepoint.CodeOf(err) != onepoint.CodeProtocol {
		t.Errorf("no id: %v", err)
	}
	c, _ = open(t, map[string][]string{"POST /psd2/v1/consents": {"302|{}"}})
	if _, err := c.Authorize(t.Context(), access()); onepoint.CodeOf(err) != onepoint.CodeProtocol {
		t.Errorf("led elsewhere: %v", err)
	}
}

func TestResumeTakesTheBanksWordOnly(t *testing.T) {
	status := func(s string) string { return `{"consentStatus":"` + s + `"}` }
	good := url.Values{"state": {"the-state"}}
	for name, tt := range map[string]struct {
		params url.Values
		answer string
		want   onepoint.Code
		phase  onepoint.Phase
	}{
		"valid":             {good, status("valid"), "", onepoint.PhaseAuthorised},
		"rejected":          {good, status("rejected"), "", onepoint.PhaseRefused},
		"revoked":           {good, status("revokedByPsu"), "", onepoint.PhaseRefused},
		"ended":             {good, status("terminatedByTpp"), "", onepoint.PhaseRefused},
		"expired":           {good, status("expired"), "", onepoint.PhaseRefused},
		"still received":    {good, status("received"), onepoint.CodeConflict, ""},
		"still accepted":    {good, status("accepted"), onepoint.CodeConflict, ""},
		"half authorised":   {good, status("partiallyAuthorised"), onepoint.CodeConflict, ""},
		"an unknown status": {good, status("perhaps"), onepoint.CodeProtocol, ""},
		"another state":     {url.Values{"state": {"another"}}, status("valid"), onepoint.CodeProtocol, ""},
		"no state":          {url.Values{}, status("valid"), onepoint.CodeProtocol, ""},
		"the state twice":   {url.Values{"state": {"the-state", "the-state"}}, status("valid"), onepoint.CodeProtocol, ""},
		"anything twice":    {url.Values{"state": {"the-state"}, "a": {"1", "2"}}, status("valid"), onepoint.CodeProtocol, ""},
		"a stranger's":      {good, `403|{"tppMessages":[{"category":"ERROR","code":"CONSENT_UNKNOWN"}]}`, onepoint.CodeProtocol, ""},
		"a bank in trouble": {good, `500|`, onepoint.CodeUnavailable, ""},
	} {
		c, _ := open(t, map[string][]string{"GET /psd2/v1/consents/old/status": {tt.answer}})
		auth, err := c.Resume(t.Context(), access(), onepoint.Callback{Params: tt.params})
		if onepoint.CodeOf(err) != tt.want || auth.Phase != tt.phase || tt.phase == onepoint.PhaseRefused && auth.Reason == "" {
			t.Errorf("%s: %+v, %v", name, auth, err)
		}
		if tt.phase == onepoint.PhaseAuthorised && (auth.Grant.ConsentID != "old" || auth.Grant.AccessToken != "" || !auth.Grant.Expires.IsZero()) {
			t.Errorf("%s: the grant is %+v", name, auth.Grant)
		}
	}
}

func TestNextLinksStayAtTheBank(t *testing.T) {
	at := func(link string) string {
		b, _ := json.Marshal(link)
		return `{"account":{},"transactions":{"booked":[],"pending":[],"_links":{"next":{"href":` + string(b) + `}}}}`
	}
	for link, want := range map[string]string{
		"/psd2/v1/accounts/1/transactions?offset=50":                     "/psd2/v1/accounts/1/transactions?offset=50",
		"https://bank.example/psd2/v1/accounts/1/transactions?offset=50": "/psd2/v1/accounts/1/transactions?offset=50",
		"?offset=50": "", // relative to the base, not below it
		"https://evil.example/psd2/v1/accounts/1": "",
		"//evil.example/psd2/v1/accounts/1":       "",
		"http://bank.example/psd2/v1/accounts/1":  "",
		"https://bank.example:444/psd2/v1/a":      "",
		"https://me@bank.example/psd2/v1/a":       "",
		"/psd2/v1/../admin":                       "",
		"/psd2/v1/%2e%2e/admin":                   "",
		"/psd2/v1":                                "",
		"/psd2/v1evil/accounts":                   "",
		"javascript:alert(1)":                     "",
		"/psd2/v1/" + strings.Repeat("a", 5000):   "",
	} {
		c, _ := open(t, map[string][]string{"GET /psd2/v1/accounts/1/transactions": {at(link)}})
		page, err := c.Transactions(t.Context(), onepoint.Grant{ConsentID: "c"}, "1", onepoint.TransactionQuery{})
		if page.Next != want || (want == "") != (onepoint.CodeOf(err) == onepoint.CodeProtocol) {
			t.Errorf("%.60s: %q, %v", link, page.Next, err)
		}
		if _, err := c.Transactions(t.Context(), onepoint.Grant{}, "1", onepoint.TransactionQuery{Cursor: link}); want == "" && onepoint.CodeOf(err) != onepoint.CodeProtocol {
			t.Errorf("%.60s as a cursor: %v", link, err)
		}
	}
}

func TestErrorsKeepTheirMeaning(t *testing.T) {
	message := func(code string) string {
		return `{"tppMessages":[{"category":"WARNING","code":"X"},{"category":"ERROR","code":"` + code + `","text":"why"}]}`
	}
	for answer, want := range map[string]onepoint.Code{
		"401|" + message("CONSENT_EXPIRED"):                    onepoint.CodeConsentExpired,
		"401|" + message("CONSENT_INVALID"):                    onepoint.CodeConsentInvalid,
		"403|" + message("CONSENT_UNKNOWN"):                    onepoint.CodeConsentInvalid,
		"400|" + message("CONSENT_UNKNOWN"):                    onepoint.CodeConsentInvalid,
		"401|" + message("CERTIFICATE_REVOKE"):                 onepoint.CodeCertificateInvalid,
		"401|" + message("ROLE_INVALID"):                       onepoint.CodeCertificateInvalid,
		"400|" + message("SIGNATURE_INVALID"):                  onepoint.CodeSignatureInvalid,
		"429|" + message("ACCESS_EXCEEDED"):                    onepoint.CodeRateLimited,
		"404|" + message("RESOURCE_UNKNOWN"):                   onepoint.CodeNotFound,
		"409|" + message("STATUS_INVALID"):                     onepoint.CodeConflict,
		"400|" + message("FORMAT_ERROR"):                       onepoint.CodeInvalid,
		"400|" + message("NEVER_HEARD_OF"):                     onepoint.CodeInvalid,
		"401|":                                                 onepoint.CodeTokenInvalid,
		"403|{}":                                               onepoint.CodeForbidden,
		"500|" + message("CONSENT_EXPIRED"):                    onepoint.CodeUnavailable,
		`401|{"type":"x","code":"TOKEN_EXPIRED","detail":"d"}`: onepoint.CodeTokenInvalid,
	} {
		c, _ := open(t, map[string][]string{"GET /psd2/v1/accounts": {answer}})
		if _, err := c.Accounts(t.Context(), onepoint.Grant{ConsentID: "c"}); onepoint.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", answer, err, want)
		}
	}
}

package obie_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/onepointledger/onepoint"
)

// published loads one of the published files with its known defects mended
// (specs/README.md), and skips the test when they are not there.
func published(t *testing.T, version string) (*openapi3.T, routers.Router) {
	t.Helper()
	shared := os.Getenv("ONEPOINT_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	name := filepath.Join(shared, "specs", "obie", version, "account-info-openapi.yaml")
	content, err := os.ReadFile(name)
	if err != nil {
		t.Skipf("PUBLISHED FILES ABSENT: no %s; set ONEPOINT_SHARED to the directory that holds specs/obie", name)
	}
	// RE2 has no lookahead; this one means the same.
	content = bytes.ReplaceAll(content, []byte(`^(?!\s)(.*)(\S)$`), []byte(`^\S(?:.*\S)?$`))
	// The error status are numbers in one file and text in the other; the kind of
	// the keys is lost on the way.
	content = regexp.MustCompile(`(?m)^(\s+)(\d{3}):`).ReplaceAll(content, []byte(`$1"$2":`))
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(content)
	if err != nil {
		t.Fatalf("load %s: %v", name, err)
	}
	mendFile(doc)
	base := map[string]string{"v3.1.11": v3Base, "v4.0": v4Base}[version]
	doc.Servers = openapi3.Servers{{URL: bankURL + base}}
	router, err := legacy.NewRouter(doc, openapi3.DisableSchemaPatternValidation(), openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation())
	if err != nil {
		t.Fatalf("route %s: %v", name, err)
	}
	return doc, router
}

// mendFile lets the download of a statement be what the prose says it is, a file
// in a format of the bank's; the files list JSON alone.
func mendFile(doc *openapi3.T) {
	item := doc.Paths.Find("/accounts/{AccountId}/statements/{StatementId}/file")
	anything := openapi3.NewMediaType().WithSchema(openapi3.NewStringSchema().WithFormat("binary"))
	for _, media := range []string{"application/pdf", "text/plain"} {
		item.Get.Responses.Status(http.StatusOK).Value.Content[media] = anything
	}
}

// validated makes the call and holds its answer against the published file.
func (m *model) validated(t *testing.T, router routers.Router, q request) (*http.Response, []byte) {
	t.Helper()
	resp := m.do(q)
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := q.http()
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s %s: %v", q.method, q.path, err)
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(content)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		t.Errorf("%s %s: %d: %v\n%.1500s", q.method, q.path, resp.StatusCode, err, content)
	}
	if route.Operation.Responses.Status(resp.StatusCode).Value.Content == nil && len(content) > 0 {
		t.Errorf("%s %s: %d has a body, the published one has none: %.200s", q.method, q.path, resp.StatusCode, content)
	}
	return resp, content
}

// Every operation of both published files answers, for every demonstration
// account and for all of them at once, with Basic and with Detail, and every
// answer validates.
func TestEveryOperationAnswersAsPublished(t *testing.T) {
	for version, base := range map[string]string{"v3.1.11": v3Base, "v4.0": v4Base} {
		t.Run(version, func(t *testing.T) {
			doc, router := published(t, version)
			m := newModel(t)
			basic := m.permissionsBasic()
			operations := 0
			for path, item := range doc.Paths.Map() {
				for method := range item.Operations() {
					operations++
					if strings.HasPrefix(path, "/account-access-consents") {
						continue
					}
					for token, set := range map[string][]onepoint.Permission{"detail": everyPermission(), "basic": basic} {
						m.everyAccount(t, router, method, base, path, token, set)
					}
				}
			}
			m.consentJourney(t, router, base)
			if operations != 29 {
				t.Errorf("the file has %d operations, the standard 29", operations)
			}
		})
	}
}

func (m *model) permissionsBasic() []onepoint.Permission {
	var out []onepoint.Permission
	for _, p := range everyPermission() {
		out = append(out, onepoint.Permission(strings.Replace(string(p), "Detail", "Basic", 1)))
	}
	return out
}

// everyAccount calls one operation for each demonstration customer.
func (m *model) everyAccount(t *testing.T, router routers.Router, method, base, path, token string, set []onepoint.Permission) {
	t.Helper()
	for customer, accounts := range map[string][]string{
		"cus_alice": {"acc_alice_current", "acc_alice_savings", "acc_household"}, "cus_bob": {"acc_bob_gbp", "acc_bob_eur"},
		"cus_carol": {"acc_carol_savings", "acc_carol_card"},
	} {
		m.granted(t, token, customer, onepoint.Access{Permissions: set}, accounts...)
		for _, account := range accounts {
			filled := strings.NewReplacer("{AccountId}", account, "{StatementId}", account+".202610").Replace(path)
			q := request{method: method, path: base + filled, token: token}
			if strings.HasSuffix(path, "/file") {
				q.header = map[string]string{"Accept": "application/pdf"}
			}
			resp, content := m.validated(t, router, q)
			want := http.StatusOK
			if token == "basic" && strings.HasSuffix(path, "/file") {
				want = http.StatusForbidden
			}
			if resp.StatusCode != want {
				t.Errorf("%s %s: %d %.300s", method, filled, resp.StatusCode, content)
			}
			if !strings.Contains(path, "{AccountId}") {
				break
			}
		}
	}
}

func (m *model) consentJourney(t *testing.T, router routers.Router, base string) {
	t.Helper()
	body := `{"Data":{"Permissions":["ReadAccountsBasic","ReadBalances"],"ExpirationDateTime":"2027-05-02T00:00:00+00:00",
		"TransactionFromDateTime":"2026-05-03T00:00:00+01:00","TransactionToDateTime":"2026-12-03T00:00:00+00:00"},"Risk":{}}`
	resp, content := m.validated(t, router, request{method: http.MethodPost, path: base + "/account-access-consents", token: "client", body: body})
	found := regexp.MustCompile(`"ConsentId":"([^"]+)"`).FindSubmatch(content)
	if resp.StatusCode != http.StatusCreated || found == nil {
		t.Fatalf("lodge: %d %s", resp.StatusCode, content)
	}
	one := request{path: base + "/account-access-consents/" + string(found[1]), token: "client"}
	for _, step := range []struct {
		method string
		status int
	}{{http.MethodGet, 200}, {http.MethodDelete, 204}, {http.MethodGet, 400}, {http.MethodDelete, 400}} {
		one.method = step.method
		if resp, content := m.validated(t, router, one); resp.StatusCode != step.status {
			t.Errorf("%s: %d %s, want %d", step.method, resp.StatusCode, content, step.status)
		}
	}
}

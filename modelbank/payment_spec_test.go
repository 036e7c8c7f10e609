package modelbank_test

import (
	"bytes"
	"context"
	"errors"
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
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// loadSpec loads a published file with its known defects mended in memory: a
// pattern that Go cannot compile, and a format that is prose.
func loadSpec(t *testing.T, version, file string) *openapi3.T {
	t.Helper()
	shared := os.Getenv("ONEPOINT_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	raw, err := os.ReadFile(filepath.Join(shared, "specs", "obie", version, file))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("SPECIFICATIONS ABSENT: no %s/%s below %s/specs/obie; set ONEPOINT_SHARED to the directory that holds specs/obie", version, file, shared)
	}
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(raw), `^(?!\s)(.*)(\S)$`, `^\S(?:.*\S)?$`)
	text = regexp.MustCompile(`(?m)^\s*format:\s*"?Array of patch operations"?\s*$`).ReplaceAllString(text, "")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatalf("%s/%s: %v", version, file, err)
	}
	return doc
}

func specRouter(t *testing.T, version, file string) routers.Router {
	t.Helper()
	router, err := gorillamux.NewRouter(loadSpec(t, version, file))
	if err != nil {
		t.Fatal(err)
	}
	return router
}

func TestPaymentAnswersFitThePublishedFiles(t *testing.T) {
	for version, four := range versions() {
		t.Run(version, func(t *testing.T) {
			folder := map[string]string{"v3.1": "v3.1.11", "v4.0": "v4.0"}[version]
			pisp := specRouter(t, folder, "payment-initiation-openapi.yaml")
			vrp, funds := specRouter(t, folder, "vrp-openapi.yaml"), specRouter(t, folder, "confirmation-funds-openapi.yaml")
			c := newCounter(t)
			walk(t, c, version, four)
			spoil(t, c, version, four)
			operations := map[string]bool{}
			for _, s := range c.seen {
				router := pisp
				switch {
				case strings.Contains(s.path, "domestic-vrp"):
					router = vrp
				case strings.Contains(s.path, "/cbpii/"):
					router = funds
				}
				if name := fits(t, router, s); name != "" {
					operations[name] = true
				}
			}
			if want := map[string]int{"v3.1": 52, "v4.0": 54}[version]; len(operations) != want {
				t.Errorf("%d operations answered, the files have %d", len(operations), want)
			}
		})
	}
}

// fits validates one answer and names its operation.
func fits(t *testing.T, router routers.Router, s seen) string {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), s.method, s.path, bytes.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = s.request
	route, params, err := router.FindRoute(r)
	if err != nil {
		if s.status != http.StatusNotFound && s.status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s is not in the file: %v", s.method, s.path, err)
		}
		return ""
	}
	name := s.method + " " + route.Path
	if strings.HasSuffix(route.Path, "file") && s.status == http.StatusOK { // a file of the TPP's own kind, which the schema does not describe
		return name
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 s.status, Header: s.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	in.SetBodyBytes(s.answer)
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		t.Errorf("%s: %d %.600s\n%s", name, s.status, err, s.answer)
	}
	in.Body = io.NopCloser(bytes.NewReader(nil))
	return name
}

// spoil makes calls that are refused in every way that has a body.
func spoil(t *testing.T, c *counter, version string, four bool) {
	t.Helper()
	base := "/open-banking/" + version + "/pisp"
	c.do(t, http.MethodPost, base+"/domestic-payment-consents", clientToken, m{"Data": m{}, "Risk": m{}})
	c.do(t, http.MethodPost, base+"/domestic-payment-consents", clientToken, "{")
	c.do(t, http.MethodPost, base+"/domestic-payment-consents", strings.Replace(clientToken, "payments", "accounts", 1), c.consentBody("domestic-payment", four))
	c.do(t, http.MethodPost, base+"/domestic-vrps", userToken("x"), vrpPayment("x", "1.00"))
	c.do(t, http.MethodGet, base+"/domestic-payments/none", clientToken, nil)
	c.do(t, http.MethodGet, base+"/domestic-payments/none", "", nil)
}

package modelbank_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// publishedSpec reads an OpenAPI file as it was published, with its known
// defects mended in memory; nil, and a word of it, when it is not here.
func publishedSpec(t *testing.T, version, file string) *openapi3.T {
	t.Helper()
	dir := os.Getenv("ONEPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	path := filepath.Join(dir, "specs", "obie", version, file)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Logf("SPECIFICATION ABSENT: %s; set ONEPOINT_SHARED to the folder that holds specs/obie. What it would check is not checked", path)
		return nil
	}
	raw = bytes.ReplaceAll(raw, []byte(`^(?!\s)(.*)(\S)$`), []byte(`^\S(?:.*\S)?$`))
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return doc
}

// conforms checks an exchange against the file: the answer always, the request
// where it was meant to be right.
func conforms(t *testing.T, doc *openapi3.T, path string, params map[string]string, req *http.Request, body []byte, resp *http.Response, answer []byte) {
	t.Helper()
	if doc == nil || doc.Paths.Find(path) == nil {
		return
	}
	item := doc.Paths.Find(path)
	operation := item.GetOperation(req.Method)
	if operation == nil {
		return
	}
	req = req.Clone(context.Background())
	req.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params,
		Route:   &routers.Route{Spec: doc, Path: path, PathItem: item, Method: req.Method, Operation: operation},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if resp.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			t.Errorf("%s %s: the request is not as published: %v", req.Method, path, err)
		}
	}
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(answer)), Options: in.Options,
	})
	if err != nil {
		t.Errorf("%s %s: the answer %d %s is not as published: %v", req.Method, path, resp.StatusCode, answer, err)
	}
}

// TestSETsAreAsPublished validates the payload of each event's token against
// OBEventNotification1, which the file gives for resource-update.
func TestSETsAreAsPublished(t *testing.T) {
	for _, version := range []string{"v3.1.11", "v4.0"} {
		doc := publishedSpec(t, version, "event-notifications-openapi.yaml")
		if doc == nil {
			t.Skip("without the file there is nothing to compare with")
		}
		b := newEventBench(t, "sqlite:"+t.TempDir()+"/bank.db")
		tpp := b.client(t, "tpp")
		b.subscribed(t, tpp, "")
		b.publish(t, "tpp", "e1", "urn:uk:org:openbanking:events:resource-update", "domestic-payment")
		_, payload := b.token(t, tpp, "e1")
		if err := doc.Components.Schemas["OBEventNotification1"].Value.VisitJSON(payload); err != nil {
			t.Errorf("%s: %v", version, err)
		}
		if sub, _ := payload["sub"].(string); !strings.HasSuffix(sub, "/open-banking/v4.0/pisp/domestic-payments/r-e1") {
			t.Errorf("sub is %s", sub)
		}
	}
}

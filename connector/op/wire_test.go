package op_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
)

// wire calls the bank without the connector.
type wire struct {
	registered
	t      testing.TB
	client *http.Client
}

func (r registered) wire(t testing.TB) wire {
	t.Helper()
	return wire{r, t, r.transport(t)}
}

// said is an answer of the bank.
type said struct {
	status int
	header http.Header
	text   string
	list   []map[string]any
	body   map[string]any
}

func (s said) str(name string) string { text, _ := s.body[name].(string); return text }

// violation is the type of the first violation.
func (s said) violation() string {
	list, _ := s.body["violations"].([]any)
	if len(list) == 0 {
		return ""
	}
	first, _ := list[0].(map[string]any)
	kind, _ := first["type"].(string)
	return kind
}

func (w wire) do(method, address, token string, body []byte, headers map[string]string) said {
	w.t.Helper()
	req := must[*http.Request](w.t)(http.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(string(body))))
	req.Header.Set("x-api-key", apiKey)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp := must[*http.Response](w.t)(w.client.Do(req))
	defer resp.Body.Close()
	text := must[[]byte](w.t)(io.ReadAll(resp.Body))
	s := said{status: resp.StatusCode, header: resp.Header, text: string(text)}
	if strings.HasPrefix(s.text, "[") {
		if err := json.Unmarshal(text, &s.list); err != nil {
			w.t.Fatal(err)
		}
	} else if len(text) > 0 {
		if err := json.Unmarshal(text, &s.body); err != nil {
			w.t.Fatalf("%s: %v", text, err)
		}
	}
	return s
}

func (w wire) json(method, address, token string, body any) said {
	w.t.Helper()
	var encoded []byte
	if body != nil {
		encoded = must[[]byte](w.t)(json.Marshal(body))
	}
	return w.do(method, address, token, encoded, nil)
}

// seal signs a body as the registration's QSEAL.
func (w wire) seal(body []byte) string {
	w.t.Helper()
	s := must[connector.Signer](w.t)(keys{w.bench, w.t}.Signer(w.t.Context(), w.progress.Client.Seal))
	return must[string](w.t)(fapi.SignDetached(fapi.SigningKey{Signer: s.Key, KeyID: w.progress.Facts["seal_kid"], Alg: "RS256"}, body))
}

// form asks the token endpoint.
func (w wire) form(fields url.Values) said {
	w.t.Helper()
	c := must[onepoint.Credential](w.t)(secrets{w.bench}.Read(w.t.Context()))
	all := url.Values{"client_id": {c.ClientID}, "client_secret": {c.ClientSecret.Reveal()}}
	for name, values := range fields {
		all[name] = values
	}
	return w.do(http.MethodPost, w.profile.Endpoints.Token, "", []byte(all.Encode()), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
}

func (w wire) token(scope string) string {
	w.t.Helper()
	s := w.form(url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
	if s.str("access_token") == "" {
		w.t.Fatalf("no token: %d %s", s.status, s.text)
	}
	return s.str("access_token")
}

package saltedge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/httpsig"
	"github.com/onepointledger/onepoint/standard/berlin"
)

const sample = "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"

// answer is what came back from a raw call.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code() string {
	var m berlin.Messages
	if json.Unmarshal(a.body, &m) != nil || len(m.Messages) == 0 {
		return ""
	}
	return m.Messages[0].Code
}

func (a answer) text() string {
	var m berlin.Messages
	if json.Unmarshal(a.body, &m) != nil || len(m.Messages) == 0 {
		return ""
	}
	return m.Messages[0].Text
}

// signConfig is how the engine wants it.
func signConfig(env connector.Env) httpsig.SignConfig {
	return httpsig.SignConfig{
		Key: env.Signer.Key, Certificate: env.Signer.Chain[0], Headers: []string{"digest", "date", "x-request-id"},
		Optional: []string{"psu-id", "psu-corporate-id", "tpp-redirect-uri"}, KeyID: httpsig.KeyIDSlash,
		Encoding: httpsig.CertificatePEM, Now: env.Now,
	}
}

// raw makes a signed call; edit changes it before, late after the signature.
func (r *rig) raw(t testing.TB, env connector.Env, method, path, body string, edit, late func(*http.Request), change ...func(*httpsig.SignConfig)) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, r.url+"/salt-edge"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Request-ID", sample)
	req.Header.Set("TPP-Redirect-URI", redirectURI)
	if edit != nil {
		edit(req)
	}
	c := signConfig(env)
	for _, f := range change {
		f(&c)
	}
	if err := httpsig.Sign(req, []byte(body), c); err != nil {
		t.Fatal(err)
	}
	if late != nil {
		late(req)
	}
	return r.send(t, env, req)
}

func (r *rig) send(t testing.TB, env connector.Env, req *http.Request) answer {
	t.Helper()
	resp, err := env.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, b}
}

func decode[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return v
}

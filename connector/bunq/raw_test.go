package bunq_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/onepointledger/onepoint"
)

// raw makes calls as the registered TPP, past the connector.
type raw struct {
	t     testing.TB
	w     *world
	token string
	sign  bool
	id    func() string
	last  *http.Response
}

func (w *world) raw(t testing.TB) *raw {
	t.Helper()
	cred, err := secrets{w}.Read(context.Background())
	must(t, err)
	ids := onepoint.NewIDs(w.clock.Now)
	return &raw{t: t, w: w, token: cred.More["session_token"].Reveal(), sign: true, id: func() string { return ids("raw") }}
}

func (r *raw) call(method, path, content string) map[string]any {
	r.t.Helper()
	req, err := http.NewRequest(method, r.w.profile.Endpoints.Resource+path, bytes.NewReader([]byte(content)))
	must(r.t, err)
	req.Header.Set("X-Bunq-Client-Authentication", r.token)
	req.Header.Set("X-Bunq-Client-Request-Id", r.id())
	if r.sign {
		s, err := keys{r.w}.Signer(context.Background(), "bunq-installation")
		must(r.t, err)
		sum := sha256.Sum256([]byte(content))
		signature, err := s.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
		must(r.t, err)
		req.Header.Set("X-Bunq-Client-Signature", base64.StdEncoding.EncodeToString(signature))
	}
	r.last, err = r.w.http(nil).Do(req)
	must(r.t, err)
	return answerOf(r.t, body(r.t, r.last))
}

func (r *raw) get(path string) map[string]any { return r.call(http.MethodGet, path, "") }

// said is the text of an error answer.
func said(answer map[string]any) string {
	rows, _ := answer["Error"].([]any)
	if len(rows) == 0 {
		return ""
	}
	text, _ := rows[0].(map[string]any)["error_description"].(string)
	return text
}

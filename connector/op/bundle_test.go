package op_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
)

// order creates a payment as a TPP of its own making would.
func (w wire) order(kind, key string, body map[string]any) said {
	w.t.Helper()
	encoded := must[[]byte](w.t)(json.Marshal(body))
	return w.send(kind, key, encoded, w.seal(encoded))
}

func (w wire) send(kind, key string, body []byte, signature string) said {
	w.t.Helper()
	headers := map[string]string{"x-jws-signature": signature}
	if key != "" {
		headers["x-idempotency-key"] = key
	}
	return w.do(http.MethodPost, w.profile.Endpoints.Payments+"/"+kind, w.token("payments"), body, headers)
}

func (w wire) body(amount string) map[string]any {
	return map[string]any{
		"amountEUR": amount, "count": 1, "message": "bundle", "payee": map[string]any{"name": "Nordlicht Verlag", "iban": "DE89370400440532013000"},
		"payer": map[string]any{"iban": w.ibanOf(w.t, "bob", bobEUR)},
	}
}

func (w wire) foreign() map[string]any {
	return map[string]any{
		"amount": "20.00", "currency": "EUR", "detailsOfCharges": "SHA", "paymentOrder": "NORM", "message": "abroad",
		"payee": map[string]any{
			"name": "Acme Inc", "bankAccount": map[string]any{"id": "123456789", "schemeName": "BBAN"}, "financialInstitution": map[string]any{"bic": "CHASUS33"},
		},
		"payer": map[string]any{"iban": w.ibanOf(w.t, "bob", bobEUR)},
	}
}

// submit puts a submission of a payment with a customer's token.
func (w wire) submit(token, kind, payment, submission, scenario string) said {
	w.t.Helper()
	headers := map[string]string{}
	if scenario != "" {
		headers["x-sandbox-scenario"] = scenario
	}
	return w.do(http.MethodPut, w.profile.Endpoints.Payments+"/"+kind+"/"+payment+"/submissions/"+submission, token, nil, headers)
}

// authorised takes an authorization through the pages and returns the token.
func (w wire) authorised(authorization string) string {
	w.t.Helper()
	now, id := w.now(), w.progress.Client.ID
	named := map[string]any{"authorizationId": map[string]any{"value": authorization, "essential": true}}
	q := url.Values{
		"client_id": {id}, "redirect_uri": {redirect}, "scope": {"openid payments"}, "state": {"s"}, "nonce": {"n"}, "response_type": {"code"},
	}
	claims := map[string]any{
		"iss": id, "aud": w.profile.Security.Audience, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"claims": map[string]any{"userinfo": named, "id_token": named},
	}
	for name := range q {
		claims[name] = q.Get(name)
	}
	s := must[connector.Signer](w.t)(keys{w.bench, w.t}.Signer(w.t.Context(), w.progress.Client.Seal))
	signed := must[string](w.t)(fapi.SignJWT(fapi.SigningKey{Signer: s.Key, KeyID: w.progress.Facts["seal_kid"], Alg: "RS256"}, "JWT", claims))
	q.Set("request", signed)
	back := w.visit(w.t, w.profile.Endpoints.Authorize+"?"+q.Encode(), "bob", true, bobEUR)
	if back.Get("id_token") != "" || back.Get("state") != "s" {
		w.t.Fatalf("the code flow brought %v", back)
	}
	t := w.form(url.Values{"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {redirect}})
	if t.str("access_token") == "" || t.str("id_token") == "" {
		w.t.Fatalf("no token: %s", t.text)
	}
	return t.str("access_token")
}

func TestPaymentIsSignedAsItIs(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	body := must[[]byte](t)(json.Marshal(w.body("1.00")))
	good := w.seal(body)
	stranger := must[string](t)(fapi.SignDetached(stranger(t, w.progress.Facts["seal_kid"]), body))
	for name, tc := range map[string]struct {
		body      []byte
		signature string
	}{
		"no signature": {body, ""}, "a tampered body": {[]byte(strings.Replace(string(body), "1.00", "9.00", 1)), good}, "a stranger's signature": {body, stranger},
		"an altered signature": {body, strings.Replace(good, "..", "..A", 1)}, "a whole JWS": {body, strings.Replace(good, "..", ".e30.", 1)},
	} {
		if s := w.send("sepa-payments", "key", tc.body, tc.signature); s.status != http.StatusUnauthorized || s.str("type") != "SECURITY" || s.header.Get("x-jws-signature") == "" {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
	if s := w.send("sepa-payments", "key", body, good); s.status != http.StatusCreated {
		t.Errorf("the payment itself: %d %s", s.status, s.text)
	}
}

func TestConnectorNamesItsOwnBrokenSignature(t *testing.T) {
	r := register(t, newBench(t))
	env := r.env(t)
	env.Client, env.Credential, env.HTTP = r.progress.Client, must[onepoint.Credential](t)(secrets{r.bench}.Read(t.Context())), r.transport(t)
	env.Signer = connector.Signer{Key: newRSA(t)}
	conn := must[onepoint.Connector](t)(driver().Open(env))
	if _, err := conn.Authorize(t.Context(), intent(sepa("pmt_s", "1.00"), "s")); onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid || !strings.Contains(onepoint.MessageOf(err), "x-jws-signature") {
		t.Errorf("got %v", err)
	}
}

func TestIdempotencyKeyIsOnePayment(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	first := w.order("sepa-payments", "key-1", w.body("1.00"))
	again := w.order("sepa-payments", "key-1", w.body("1.00"))
	if first.status != http.StatusCreated || again.status != http.StatusCreated || again.text != first.text || first.str("paymentType") != "SepaPayment" {
		t.Errorf("%d %s, again %d %s", first.status, first.text, again.status, again.text)
	}
	if s := w.order("sepa-payments", "key-1", w.body("2.00")); s.status != http.StatusUnprocessableEntity || s.violation() != "DuplicatePayment" || s.str("type") != "BUSINESS" {
		t.Errorf("another body: %d %s", s.status, s.text)
	}
	if s := w.order("sepa-payments", "", w.body("1.00")); s.status != http.StatusBadRequest || s.violation() != "Required" {
		t.Errorf("no key: %d %s", s.status, s.text)
	}
	refused := w.body("2.00")
	refused["authorizationId"] = "aut_unknown"
	if s := w.order("sepa-payments", "key-2", refused); s.status != http.StatusNotFound {
		t.Errorf("an unknown authorization: %d %s", s.status, s.text)
	}
	if s := w.order("sepa-payments", "key-2", w.body("2.00")); s.status != http.StatusCreated {
		t.Errorf("the key of a refused order: %d %s", s.status, s.text)
	}
}

func TestPaymentsFollowOPsRules(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	for name, tc := range map[string]struct {
		kind   string
		change func(map[string]any)
		want   string
	}{
		"message and reference":   {"sepa-payments", func(b map[string]any) { b["reference"] = "RF18" }, "MessageOrReference"},
		"neither of them":         {"sepa-payments", func(b map[string]any) { delete(b, "message") }, "MessageOrReference"},
		"no IBAN":                 {"sepa-payments", func(b map[string]any) { b["payee"] = map[string]any{"name": "x", "iban": "12345"} }, "SepaIban"},
		"three decimals":          {"sepa-payments", func(b map[string]any) { b["amountEUR"] = "1.005" }, "EuroCents"},
		"a negative amount":       {"sepa-payments", func(b map[string]any) { b["amountEUR"] = "-1.00" }, "EuroCents"},
		"an amount with exponent": {"sepa-payments", func(b map[string]any) { b["amountEUR"] = "1e3" }, "EuroCents"},
		"no name":                 {"sepa-payments", func(b map[string]any) { b["payee"] = map[string]any{"iban": "DE89370400440532013000"} }, "Size"},
		"something unknown":       {"sepa-payments", func(b map[string]any) { b["more"] = 1 }, "UnrecognizedProperty"},
		"a number for a text":     {"sepa-payments", func(b map[string]any) { b["amountEUR"] = 1 }, "TypeMismatch"},
		"foreign, no charges":     {"foreign-payments", func(b map[string]any) { delete(b, "detailsOfCharges") }, "ValidDetailOfCharges"},
		"foreign, no order":       {"foreign-payments", func(b map[string]any) { b["paymentOrder"] = "FAST" }, "ValidPaymentOrder"},
		"foreign, twice":          {"foreign-payments", func(b map[string]any) { b["count"] = 2 }, "ValidForeignPaymentRecurrence"},
	} {
		body := w.body("1.00")
		if tc.kind == "foreign-payments" {
			body = w.foreign()
		}
		tc.change(body)
		if s := w.order(tc.kind, name, body); s.status != http.StatusBadRequest || s.violation() != tc.want {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
}

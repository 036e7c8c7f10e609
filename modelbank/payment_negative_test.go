package modelbank_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/obie"
)

// op is one operation with a good call.
type op struct {
	method, path, token string
	body                any
	signed, once        bool
	consent             bool // the path or body names a consent or payment
}

// operations are good calls of every operation: of a consent authorised and not
// consumed, and of a payment made.
func (c *counter) operations(t *testing.T, version string, four bool) []op {
	t.Helper()
	base := "/open-banking/" + version + "/pisp"
	var all []op
	for _, k := range obie.PaymentKinds() {
		if k.File {
			continue
		}
		body := c.consentBody(k.Name, four)
		_, payment := c.journey(t, base, k.Name, body)
		fresh := c.do(t, http.MethodPost, base+"/"+k.Name+"-consents", clientToken, body).text("Data.ConsentId")
		if err := c.pay.Approve(context.Background(), fresh, paula, []string{payAccount}); err != nil {
			t.Fatal(err)
		}
		consents, payments := base+"/"+k.Name+"-consents", base+"/"+k.Name+"s"
		order := m{"Data": m{"ConsentId": fresh, "Initiation": body["Data"].(m)["Initiation"]}, "Risk": m{}}
		all = append(all,
			op{http.MethodPost, consents, clientToken, body, true, true, false},
			op{http.MethodGet, consents + "/" + fresh, clientToken, nil, true, false, true},
			op{http.MethodPost, payments, userToken(fresh), order, true, true, true},
			op{http.MethodGet, payments + "/" + payment, clientToken, nil, true, false, true},
			op{http.MethodGet, payments + "/" + payment + "/payment-details", clientToken, nil, true, false, true})
		if k.Funds {
			all = append(all, op{http.MethodGet, consents + "/" + fresh + "/funds-confirmation", userToken(fresh), nil, true, false, true})
		}
	}
	vrp := c.do(t, http.MethodPost, base+"/domestic-vrp-consents", clientToken, vrpBody()).text("Data.ConsentId")
	if err := c.pay.Approve(context.Background(), vrp, paula, []string{payAccount}); err != nil {
		t.Fatal(err)
	}
	return append(all,
		op{http.MethodPost, base + "/domestic-vrp-consents", clientToken, vrpBody(), true, true, false},
		op{http.MethodGet, base + "/domestic-vrp-consents/" + vrp, clientToken, nil, true, false, true},
		op{
			http.MethodPost, base + "/domestic-vrp-consents/" + vrp + "/funds-confirmation", userToken(vrp),
			m{"Data": m{"ConsentId": vrp, "InstructedAmount": money("1.00", "GBP")}},
			true, false, true,
		},
		op{http.MethodPost, base + "/domestic-vrps", userToken(vrp), vrpPayment(vrp, "1.00"), true, true, true})
}

// spoiled is a deep copy of a body with something done to it.
func spoiled(t *testing.T, body any, fn func(m)) m {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var out m
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	fn(out)
	return out
}

func TestPaymentNegativeMatrix(t *testing.T) {
	for version, four := range versions() {
		t.Run(version, func(t *testing.T) {
			c := newCounter(t)
			for _, o := range c.operations(t, version, four) {
				for _, n := range negatives(t, c, o) {
					got := c.do(t, n.o.method, n.o.path, n.o.token, n.o.body, n.change...)
					want := n.code
					if !four && want != "" {
						want = v3Words()[want]
					}
					if got.status != n.status || got.code() != want {
						t.Errorf("%s %s, %s: %d %q, not %d %q: %s", o.method, o.path, n.what, got.status, got.code(), n.status, want, got.answer)
					}
					if want != "" && (got.header.Get("x-jws-signature") == "" || got.header.Get("x-fapi-interaction-id") == "") {
						t.Errorf("%s %s, %s: the error is not signed", o.method, o.path, n.what)
					}
					if want == "" && len(got.answer) > 0 {
						t.Errorf("%s %s, %s: a body where there is none", o.method, o.path, n.what)
					}
				}
			}
		})
	}
}

func v3Words() map[string]string {
	return map[string]string{
		"U004": "UK.OBIE.Field.Missing", "U005": "UK.OBIE.Field.Unexpected", "U006": "UK.OBIE.Header.Invalid", "U007": "UK.OBIE.Header.Missing",
		"U008": "UK.OBIE.Resource.ConsentMismatch", "U009": "UK.OBIE.Resource.InvalidConsentStatus", "U010": "UK.OBIE.Resource.InvalidFormat",
		"U011": "UK.OBIE.Resource.NotFound", "U015": "UK.OBIE.Signature.Invalid", "U016": "UK.OBIE.Signature.InvalidClaim",
		"U018": "UK.OBIE.Signature.Malformed", "U019": "UK.OBIE.Signature.Missing",
	}
}

type negative struct {
	what   string
	o      op
	change []func(*http.Request)
	status int
	code   string
}

// negatives are the calls that spoil one thing each of a good one.
func negatives(t *testing.T, c *counter, o op) []negative {
	t.Helper()
	var all []negative
	add := func(what string, status int, code string, spoil func(*op), change ...func(*http.Request)) {
		bad := o
		if spoil != nil {
			spoil(&bad)
		}
		all = append(all, negative{what, bad, change, status, code})
	}
	other := map[bool]string{true: strings.Replace(o.token, "grant=user", "grant=client", 1), false: strings.Replace(o.token, "grant=client", "grant=user", 1)}
	add("no token", 401, "", func(o *op) { o.token = "" })
	add("token of the other grant", 401, "", func(b *op) { b.token = other[strings.Contains(o.token, "grant=user")] })
	add("no certificate", 401, "", nil, func(r *http.Request) { r.TLS = nil })
	add("wrong scope", 403, "U008", func(b *op) { b.token = strings.Replace(o.token, "scope=payments", "scope=accounts", 1) })
	add("wrong Accept", 406, "", nil, header("Accept", "text/html"))
	add("wrong method", 405, "", func(b *op) { b.method = http.MethodHead })
	if o.consent {
		add("another TPP's", 403, "U008", func(b *op) { b.token = strings.Replace(o.token, "cli_1", "cli_2", 1) })
	}
	if o.consent && o.body == nil {
		add("unknown id", 400, "U011", func(b *op) {
			parts := strings.Split(b.path, "/")
			parts[5] = "none"
			b.path = strings.Join(parts, "/")
		})
	}
	if o.body == nil {
		return all
	}
	add("wrong media type", 415, "", nil, header("Content-Type", "text/plain"))
	add("no JSON", 400, "U010", func(b *op) { b.body = "{" })
	add("a member twice", 400, "U010", func(b *op) { b.body = `{"Data":{},"Data":{},"Risk":{}}` })
	add("empty", 400, "U004", func(b *op) { b.body = "{}" })
	add("unknown field", 400, "U005", func(b *op) { b.body = spoiled(t, o.body, func(d m) { d["Data"].(m)["Strange"] = 1 }) })
	add("no signature", 400, "U019", nil, header("x-jws-signature", ""))
	add("malformed signature", 400, "U018", nil, header("x-jws-signature", "abc"))
	add("signature of another body", 400, "U015", nil, resign(t, c, "org1/soft1", []byte("{}")))
	raw, err := json.Marshal(o.body)
	if err != nil {
		t.Fatal(err)
	}
	add("signed in another's name", 400, "U016", nil, resign(t, c, "org2/soft2", raw))
	if o.once {
		add("no key", 400, "U007", nil, header("x-idempotency-key", ""))
		add("long key", 400, "U006", nil, header("x-idempotency-key", strings.Repeat("k", 41)))
	}
	if o.consent {
		add("token of another consent", 400, "U008", func(b *op) { b.token = userToken("pcn_other") })
		add("unknown consent", 400, map[bool]string{true: "U008", false: "U011"}[strings.HasSuffix(o.path, "/funds-confirmation")], func(b *op) {
			b.body = spoiled(t, o.body, func(d m) { d["Data"].(m)["ConsentId"] = "none" })
		})
		if _, ok := o.body.(m)["Data"].(m)["Initiation"]; ok {
			add("another creditor", 400, "U008", func(b *op) {
				b.body = spoiled(t, o.body, func(d m) {
					d["Data"].(m)["Initiation"].(m)["CreditorAccount"].(m)["Identification"] = "12345612345679"
				})
			})
			add("another risk", 400, "U008", func(b *op) {
				b.body = spoiled(t, o.body, func(d m) { d["Risk"].(m)["PaymentContextCode"] = "TransferToSelf" })
			})
		}
	}
	return all
}

func resign(t *testing.T, c *counter, issuer string, body []byte) func(*http.Request) {
	t.Helper()
	return func(r *http.Request) {
		s, err := obie.PaymentSigner{Key: func() fapi.SigningKey { return c.mine }, Issuer: issuer}.Sign(body, jsonMedia, c.now())
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-jws-signature", s)
	}
}

func TestConsentMustBeAuthorised(t *testing.T) {
	for version, four := range versions() {
		c := newCounter(t)
		base := "/open-banking/" + version + "/pisp"
		want := map[bool]string{true: "U009", false: v3Words()["U009"]}[four]
		for _, k := range []string{obie.DomesticPayment, obie.InternationalPayment} {
			body := c.consentBody(k, four)
			id := c.do(t, http.MethodPost, base+"/"+k+"-consents", clientToken, body).text("Data.ConsentId")
			order := m{"Data": m{"ConsentId": id, "Initiation": body["Data"].(m)["Initiation"]}, "Risk": m{}}
			try := func(what string) {
				t.Helper()
				if got := c.do(t, http.MethodPost, base+"/"+k+"s", userToken(id), order); got.status != 400 || got.code() != want {
					t.Errorf("%s: %d %s", what, got.status, got.answer)
				}
				if got := c.do(t, http.MethodGet, base+"/"+k+"-consents/"+id+"/funds-confirmation", userToken(id), nil); got.status != 400 || got.code() != want {
					t.Errorf("%s, funds: %d %s", what, got.status, got.answer)
				}
			}
			try("awaiting")
			if err := c.pay.Reject(context.Background(), id); err != nil {
				t.Fatal(err)
			}
			try("rejected")
		}
		id, _ := c.journey(t, base, obie.DomesticPayment, c.consentBody(obie.DomesticPayment, four))
		order := m{"Data": m{"ConsentId": id, "Initiation": c.initiation(obie.DomesticPayment, four)}, "Risk": m{}}
		if got := c.do(t, http.MethodPost, base+"/domestic-payments", userToken(id), order); got.code() != want {
			t.Errorf("consumed: %d %s", got.status, got.answer)
		}
	}
}

func TestRateExpires(t *testing.T) {
	c := newCounter(t)
	base := "/open-banking/v4.0/pisp"
	body := c.consentBody(obie.InternationalPayment, true)
	lodged := c.do(t, http.MethodPost, base+"/international-payment-consents", clientToken, body)
	if lodged.text("Data.ExchangeRateInformation.ExpirationDateTime") == "" {
		t.Fatalf("%s", lodged.answer)
	}
	id := lodged.text("Data.ConsentId")
	if err := c.pay.Approve(context.Background(), id, paula, []string{payAccount}); err != nil {
		t.Fatal(err)
	}
	c.advance(15 * time.Minute)
	order := m{"Data": m{"ConsentId": id, "Initiation": body["Data"].(m)["Initiation"]}, "Risk": m{}}
	if got := c.do(t, http.MethodPost, base+"/international-payments", userToken(id), order); got.code() != "U009" {
		t.Errorf("%d %s", got.status, got.answer)
	}
	for what, row := range map[string]struct {
		rate m
		code string
	}{
		"agreed without its rate": {m{"UnitCurrency": "EUR", "RateType": "Agreed", "ContractIdentification": "c"}, "U001"},
		"actual with a rate":      {m{"UnitCurrency": "EUR", "RateType": "Actual", "ExchangeRate": 0.85}, "U005"},
		"agreed":                  {m{"UnitCurrency": "EUR", "RateType": "Agreed", "ExchangeRate": 0.86, "ContractIdentification": "c"}, ""},
		"indicative":              {m{"UnitCurrency": "GBP", "RateType": "Indicative"}, ""},
	} {
		asked := c.consentBody(obie.InternationalPayment, true)
		asked["Data"].(m)["Initiation"].(m)["ExchangeRateInformation"] = row.rate
		got := c.do(t, http.MethodPost, base+"/international-payment-consents", clientToken, asked)
		if got.code() != row.code {
			t.Errorf("%s: %d %s", what, got.status, got.answer)
		}
		if rate, ok := got.get("Data.ExchangeRateInformation").(m); ok && what == "agreed" && !maps.Equal(rate, m{"UnitCurrency": "EUR", "RateType": "Agreed", "ExchangeRate": 0.86, "ContractIdentification": "c"}) {
			t.Errorf("agreed is answered %v", rate)
		}
	}
	if bytes.Contains(lodged.answer, []byte("null")) {
		t.Error("a null in the answer")
	}
}

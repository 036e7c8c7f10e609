package modelbank_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/standard/obie"
)

// counter is a bank's counter: the server over a till, and a TPP that signs.
type counter struct {
	*till
	http.Handler
	mine, banks fapi.SigningKey
	keys        jwk.Set // the TPP's
	seen        []seen
}

// seen is an answer as it was given.
type seen struct {
	method, path string
	request      http.Header
	body         []byte
	status       int
	header       http.Header
	answer       []byte
}

func rsaKey(tb testing.TB, name string) fapi.SigningKey {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return fapi.SigningKey{Signer: key, KeyID: name, Alg: "PS256"}
}

func keySet(tb testing.TB, k fapi.SigningKey) jwk.Set {
	tb.Helper()
	raw, err := fapi.PublicJWKS(k)
	if err != nil {
		tb.Fatal(err)
	}
	set, err := jwk.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func (c *counter) MessageKeys(_ context.Context, _ string, _ bool) (jwk.Set, []string, error) {
	return c.keys, []string{"org1/soft1"}, nil
}

// CheckToken reads a test's token: "client=cli_1 grant=user consent=x scope=payments".
func (c *counter) CheckToken(_ context.Context, bearer string, _ *x509.Certificate) (fapi.TokenInfo, error) {
	info := fapi.TokenInfo{ClientName: "Payer App"}
	for part := range strings.FieldsSeq(bearer) {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "client":
			info.ClientID = value
		case "grant":
			info.GrantType = map[string]string{"user": "authorization_code", "client": "client_credentials"}[value]
		case "consent":
			info.ConsentID = value
		case "scope":
			info.Scopes = []string{value}
		}
	}
	if info.ClientID == "" {
		return info, onepoint.E(onepoint.CodeTokenInvalid, "check token", "no", nil)
	}
	return info, nil
}

func newCounter(tb testing.TB, change ...func(*modelbank.PaymentsConfig)) *counter {
	tb.Helper()
	c := &counter{till: newTill(tb, "sqlite:"+tb.TempDir()+"/bank.db", change...)}
	c.mine, c.banks = rsaKey(tb, "tpp-1"), rsaKey(tb, "bank-1")
	c.keys = keySet(tb, c.mine)
	c.Handler = obie.NewPaymentServer(obie.PaymentServerConfig{
		BaseURL: "https://bank.example", Bank: c.pay, Tokens: c, Signers: c, Sign: obie.PaymentSigner{Key: func() fapi.SigningKey { return c.banks }, Issuer: "org-bank"},
		Zone: time.UTC, Now: c.now, NewID: onepoint.NewIDs(c.now),
	})
	return c
}

const (
	clientToken = "client=cli_1 grant=client scope=payments"
	jsonMedia   = "application/json"
)

func userToken(consent string) string {
	return "client=cli_1 grant=user scope=payments consent=" + consent
}

// do makes a call as a good TPP would; change spoils it.
func (c *counter) do(tb testing.TB, method, path, token string, body any, change ...func(*http.Request)) seen {
	tb.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		raw = b
	case string:
		raw = []byte(b)
	default:
		var err error
		if raw, err = json.Marshal(b); err != nil {
			tb.Fatal(err)
		}
	}
	r := httptest.NewRequestWithContext(context.Background(), method, "https://bank.example"+path, bytes.NewReader(raw))
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("x-fapi-interaction-id", "c770aef3-6784-41f7-8e0e-ff5f97bddb3a")
	if body != nil {
		r.Header.Set("Content-Type", jsonMedia)
		r.Header.Set("x-idempotency-key", onepoint.NewIDs(time.Now)("k"))
		signature, err := obie.PaymentSigner{Key: func() fapi.SigningKey { return c.mine }, Issuer: "org1/soft1"}.Sign(raw, jsonMedia, c.now())
		if err != nil {
			tb.Fatal(err)
		}
		r.Header.Set("x-jws-signature", signature)
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	s := seen{method, path, r.Header, raw, w.Code, w.Header(), w.Body.Bytes()}
	c.seen = append(c.seen, s)
	return s
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// get is a member of the answer: "Data.ConsentId".
func (s seen) get(path string) any {
	var v any
	if json.Unmarshal(s.answer, &v) != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

func (s seen) text(path string) string { t, _ := s.get(path).(string); return t }

func (s seen) code() string { return s.text("Errors.ErrorCode") }

type m = map[string]any

func money(amount, currency string) m { return m{"Amount": amount, "Currency": currency} }

func account(value, name string) m {
	return m{"SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": value, "Name": name}
}

// initiation is a good Initiation of the kind, for a version.
func (c *counter) initiation(kind string, four bool) m {
	in := m{"CreditorAccount": account("12345612345678", "Acme Ltd")}
	when := c.now().Add(72 * time.Hour).Format(time.RFC3339)
	switch {
	case kind == obie.FilePayment:
		return m{}
	case strings.Contains(kind, "standing-order"):
		if four {
			in["MandateRelatedInformation"] = m{"FirstPaymentDateTime": when, "Frequency": m{"Type": "MNTH"}}
		} else {
			in["Frequency"], in["FirstPaymentDateTime"] = "IntrvlMnthDay:01:15", when
		}
		in["NumberOfPayments"] = "3"
	default:
		in["InstructionIdentification"], in["EndToEndIdentification"] = "ACME412", "FRESCO.21302.GFX.20"
		in["InstructedAmount"] = money("10.00", "GBP")
		in["RemittanceInformation"] = m{"Unstructured": "Internal ops", "Reference": "FRESCO-101"}
		if four {
			in["RemittanceInformation"] = m{"Unstructured": []string{"Internal ops"}}
		}
	}
	if strings.Contains(kind, "scheduled") {
		in["RequestedExecutionDateTime"] = when
	}
	switch {
	case strings.HasPrefix(kind, "international"):
		in["CurrencyOfTransfer"], in["InstructedAmount"] = "EUR", money("10.00", "EUR")
		if !strings.Contains(kind, "standing") {
			in["ExchangeRateInformation"] = m{"UnitCurrency": "EUR", "RateType": "Actual"}
		}
	case strings.Contains(kind, "standing"):
		in["FirstPaymentAmount"] = money("10.00", "GBP")
	}
	return in
}

func (c *counter) consentBody(kind string, four bool) m {
	data := m{"Initiation": c.initiation(kind, four), "ReadRefundAccount": "Yes"}
	if strings.Contains(kind, "scheduled") || strings.Contains(kind, "standing") {
		data["Permission"] = "Create"
	}
	return m{"Data": data, "Risk": m{}}
}

// journey lodges, authorises and submits a payment of the kind, reading all that
// can be read on the way.
func (c *counter) journey(t *testing.T, base, kind string, body m) (consent, payment string) {
	t.Helper()
	lodged := c.do(t, http.MethodPost, base+"/"+kind+"-consents", clientToken, body)
	if lodged.status != http.StatusCreated {
		t.Fatalf("lodge %s: %d %s", kind, lodged.status, lodged.answer)
	}
	consent = lodged.text("Data.ConsentId")
	if err := c.pay.Approve(context.Background(), consent, paula, []string{payAccount}); err != nil {
		t.Fatal(err)
	}
	read := c.do(t, http.MethodGet, base+"/"+kind+"-consents/"+consent, clientToken, nil)
	if s := read.text("Data.Status"); read.status != 200 || s != "AUTH" && s != "Authorised" {
		t.Fatalf("consent: %d %s", read.status, read.answer)
	}
	if k := kind; k == obie.DomesticPayment || k == obie.InternationalPayment || k == obie.InternationalScheduled {
		funds := c.do(t, http.MethodGet, base+"/"+kind+"-consents/"+consent+"/funds-confirmation", userToken(consent), nil)
		if funds.get("Data.FundsAvailableResult.FundsAvailable") != true {
			t.Errorf("funds: %d %s", funds.status, funds.answer)
		}
	}
	order := m{"Data": m{"ConsentId": consent, "Initiation": body["Data"].(m)["Initiation"]}}
	if risk, ok := body["Risk"]; ok {
		order["Risk"] = risk
	}
	made := c.do(t, http.MethodPost, base+"/"+kind+"s", userToken(consent), order)
	if made.status != http.StatusCreated {
		t.Fatalf("submit %s: %d %s", kind, made.status, made.answer)
	}
	for name, v := range made.get("Data").(m) {
		if name != "ConsentId" && strings.HasSuffix(name, "Id") {
			payment = v.(string)
		}
	}
	for _, path := range []string{"", "/payment-details"} {
		if got := c.do(t, http.MethodGet, base+"/"+kind+"s/"+payment+path, clientToken, nil); got.status != 200 {
			t.Errorf("read %s%s: %d %s", kind, path, got.status, got.answer)
		}
	}
	return consent, payment
}

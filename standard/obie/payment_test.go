package obie

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint/fapi"
)

func codeOf(err error) string {
	var r *Rule
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

func TestSameJSON(t *testing.T) {
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{`{"a":1,"b":[1.50,"x"]}`, `{"b":[1.5,"x"],"a":1.0}`, true},
		{`{"a":10}`, `{"a":1e1}`, true},
		{`{"a":"1.0"}`, `{"a":"1.00"}`, false},
		{`{"a":1}`, `{"a":1,"b":null}`, false},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{`{"a":1,"a":1}`, `{"a":1}`, false},
		{`{"a":0.1}`, `{"a":0.10000000000000001}`, false},
		{`{"a":true}`, `{"a":"true"}`, false},
		{``, ``, false},
	} {
		if got := SameJSON([]byte(row.a), []byte(row.b)); got != row.same {
			t.Errorf("%s and %s: %v", row.a, row.b, got)
		}
	}
	if got := DiffJSON("I", []byte(`{"x":{"y":1},"z":2}`), []byte(`{"x":{"y":2},"z":2}`)); got != "I.x.y" {
		t.Error(got)
	}
}

// Every field of the tables is looked at: changing any leaf makes a difference.
func TestComparisonForgetsNoField(t *testing.T) {
	const text = `{"InstructionIdentification":"A","InstructedAmount":{"Amount":"1.00","Currency":"GBP"},"CreditorAccount":{"Name":"N","X":[{"q":1}]}}`
	var leaves []string
	var walk func(v any, path string)
	walk = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for name, w := range v {
				walk(w, path+"/"+name)
			}
		case []any:
			walk(v[0], path+"/0")
		default:
			leaves = append(leaves, path)
		}
	}
	doc, err := parseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	walk(doc, "")
	for _, leaf := range leaves {
		changed, err := parseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		v := changed
		names := strings.Split(leaf, "/")[1:]
		for _, n := range names[:len(names)-1] {
			if list, ok := v.([]any); ok {
				v = list[0]
				continue
			}
			v = v.(map[string]any)[n]
		}
		if list, ok := v.([]any); ok {
			v = list[0]
		}
		v.(map[string]any)[names[len(names)-1]] = "changed"
		if SameJSON([]byte(text), encode(changed)) {
			t.Errorf("%s is not compared", leaf)
		}
	}
}

func TestFrequencies(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2027, 1, 29, 9, 0, 0, 0, zone) // a Friday
	for word, want := range map[string][]string{
		"EvryDay": {"2027-01-30", "2027-01-31"}, "EvryWorkgDay": {"2027-02-01", "2027-02-02"}, "IntrvlDay:10": {"2027-02-08", "2027-02-18"},
		"IntrvlWkDay:02:01": {"2027-02-08", "2027-02-22"}, "WkInMnthDay:02:03": {"2027-02-10", "2027-03-10"},
		"IntrvlMnthDay:01:31": {"2027-02-28", "2027-03-31"}, "IntrvlMnthDay:06:-01": {"2027-07-31", "2028-01-31"},
		"QtrDay:ENGLISH": {"2027-03-25", "2027-06-24"}, "QtrDay:SCOTTISH": {"2027-02-02", "2027-05-15"},
		"DAIL": {"2027-01-30"}, "WODL": {"2027-02-01"}, "WEEK": {"2027-02-05"}, "FRTN": {"2027-02-12"}, "MNTH": {"2027-02-28", "2027-03-29"},
		"QURT": {"2027-04-29"}, "MIAN": {"2027-07-29"}, "YEAR": {"2028-01-29"},
	} {
		o := StandingOrder{Frequency: word, First: first}
		for at, n := first, 0; n < len(want); n++ {
			next, err := o.Next(at, zone)
			if err != nil || next.Format(time.DateOnly) != want[n] || next.Hour() != 9 {
				t.Errorf("%s after %v: %v %v, not %s", word, at, next, err, want[n])
			}
			at = next
		}
	}
	if _, err := (&StandingOrder{Frequency: "INDA"}).Next(first, zone); codeOf(err) != CodeUnsupportedFrequency {
		t.Error(err)
	}
}

func TestFrequenciesGoForward(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(frequencyPattern[1:len(frequencyPattern)-1]).Draw(rt, "frequency")
		at := time.Unix(rapid.Int64Range(1e9, 4e9).Draw(rt, "at"), 0).UTC()
		o := StandingOrder{Frequency: word, First: at}
		if next, err := o.Next(at, time.UTC); err != nil || !next.After(at) {
			rt.Fatalf("%s after %v: %v %v", word, at, next, err)
		}
	})
}

type oneKey struct{ set jwk.Set }

func (o oneKey) MessageKeys(context.Context, string, bool) (jwk.Set, []string, error) {
	return o.set, []string{"org/soft"}, nil
}

func signer(t *testing.T) (fapi.SigningKey, oneKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k := fapi.SigningKey{Signer: key, KeyID: "k1", Alg: "PS256"}
	raw, err := fapi.PublicJWKS(k)
	if err != nil {
		t.Fatal(err)
	}
	set, err := jwk.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k, oneKey{set}
}

func TestMessageSignature(t *testing.T) {
	key, keys := signer(t)
	now := time.Unix(1_800_000_000, 0)
	body := []byte(`{"Data":{}}`)
	good, err := PaymentSigner{Key: func() fapi.SigningKey { return key }, Issuer: "org/soft"}.Sign(body, "application/json", now)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, signature string, body []byte, at time.Time, want string) {
		t.Helper()
		if got := codeOf(verifyMessage(context.Background(), keys, "c", signature, body, at)); got != want {
			t.Errorf("%s: %q, not %q", what, got, want)
		}
	}
	check("good", good, body, now, "")
	check("another body", good, []byte(`{"Data":{} }`), now, "U015")
	check("absent", "", body, now, "U019")
	check("in the future", good, body, now.Add(-time.Hour), "U016")
	check("not detached", strings.Replace(good, "..", ".e30.", 1), body, now, "U018")
	check("not base64", "!"+good, body, now, "U018")
	raw, sig, _ := strings.Cut(good, "..")
	head, err := base64.RawURLEncoding.DecodeString(raw)
	if err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		change func(m map[string]any)
		code   string
	}{
		"alg none":              {func(m map[string]any) { m["alg"] = "none" }, "U016"},
		"alg HS256":             {func(m map[string]any) { m["alg"] = "HS256" }, "U016"},
		"alg RS256":             {func(m map[string]any) { m["alg"] = "RS256" }, "U016"},
		"another kid":           {func(m map[string]any) { m["kid"] = "k2" }, "U015"},
		"a jwk":                 {func(m map[string]any) { m["jwk"] = map[string]any{"kty": "RSA"} }, "U016"},
		"a jku":                 {func(m map[string]any) { m["jku"] = "https://evil.example" }, "U016"},
		"an x5u":                {func(m map[string]any) { m["x5u"] = "https://evil.example" }, "U016"},
		"b64 false":             {func(m map[string]any) { m["b64"] = false }, "U016"},
		"b64 true, not signed":  {func(m map[string]any) { m["b64"] = true }, "U015"},
		"no crit":               {func(m map[string]any) { delete(m, "crit") }, "U017"},
		"crit of two":           {func(m map[string]any) { m["crit"] = []string{claimIssued, claimIssuer} }, "U016"},
		"crit of four":          {func(m map[string]any) { m["crit"] = []string{claimIssued, claimIssuer, claimAnchor, "b64"} }, "U016"},
		"crit of other things":  {func(m map[string]any) { m["crit"] = []any{claimIssued, claimIssuer, claimAnchor, 1} }, "U016"},
		"no iat":                {func(m map[string]any) { delete(m, claimIssued) }, "U017"},
		"iat as text":           {func(m map[string]any) { m[claimIssued] = "1" }, "U016"},
		"no iss":                {func(m map[string]any) { delete(m, claimIssuer) }, "U017"},
		"another iss":           {func(m map[string]any) { m[claimIssuer] = "org2/soft" }, "U016"},
		"no tan":                {func(m map[string]any) { delete(m, claimAnchor) }, "U017"},
		"no kid":                {func(m map[string]any) { delete(m, "kid") }, "U017"},
		"another typ":           {func(m map[string]any) { m["typ"] = "JWT" }, "U016"},
		"another tan, unsigned": {func(m map[string]any) { m[claimAnchor] = "evil.example" }, "U015"},
	} {
		var m map[string]any
		if err := json.Unmarshal(head, &m); err != nil {
			t.Fatal(err)
		}
		row.change(m)
		check(what, base64.RawURLEncoding.EncodeToString(encode(m))+".."+sig, body, now, row.code)
	}
	twice := strings.Replace(string(head), `{`, `{"alg":"none",`, 1)
	check("alg twice", base64.RawURLEncoding.EncodeToString([]byte(twice))+".."+sig, body, now, "U018")
}

const pain = `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.08"><CstmrCdtTrfInitn><GrpHdr><NbOfTxs>2</NbOfTxs></GrpHdr><PmtInf>
<CdtTrfTxInf><Amt><InstdAmt Ccy="GBP">1.50</InstdAmt></Amt><Cdtr><Nm>Acme</Nm></Cdtr><CdtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></CdtrAcct><RmtInf><Ustrd>Hi</Ustrd></RmtInf></CdtTrfTxInf>
<CdtTrfTxInf><Amt><InstdAmt Ccy="GBP">2.50</InstdAmt></Amt><Cdtr><Nm>Bolt</Nm></Cdtr><CdtrAcct><Id><Othr><Id>12345612345678</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>
</PmtInf></CstmrCdtTrfInitn></Document>`

func TestPaymentFiles(t *testing.T) {
	const iso, own = "UK.OBIE.pain.001.001.08", "UK.OBIE.PaymentInitiation.4.0"
	const one = `{"InstructionIdentification":"a","EndToEndIdentification":"b","InstructedAmount":{"Amount":"1.50","Currency":"GBP"},` +
		`"CreditorAccount":{"SchemeName":"UK.OBIE.IBAN","Identification":"GB29NWBK60161331926819","Name":"Acme"}}`
	const head = "Amount,Currency,SchemeName,Identification,Name\n"
	for what, row := range map[string]struct {
		kind, media, content, code string
		n                          int
	}{
		"pain":                    {iso, "application/xml", pain, "", 2},
		"pain with a doctype":     {iso, "application/xml", strings.Replace(pain, "<Document", `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document`, 1), "U010", 0},
		"pain with an entity":     {iso, "application/xml", strings.Replace(pain, "Acme", "&x;", 1), "U010", 0},
		"pain of another version": {iso, "application/xml", strings.Replace(pain, "001.08", "001.03", 1), "U010", 0},
		"pain too deep":           {iso, "application/xml", strings.Repeat("<a>", 100), "U010", 0},
		"pain with a negative":    {iso, "application/xml", strings.Replace(pain, "1.50", "-1.50", 1), "U002", 0},
		"pain as JSON":            {iso, "application/json", pain, "U006", 0},
		"JSON":                    {own, "application/json", `{"Data":{"DomesticPayments":[` + one + `,` + one + `]}}`, "", 2},
		"JSON with more":          {own, "application/json", `{"Data":{"DomesticPayments":[` + one + `],"X":1}}`, "U005", 0},
		"JSON of none":            {own, "application/json", `{"Data":{"DomesticPayments":[]}}`, "U002", 0},
		"CSV":                     {own, "text/csv", head + "1.50,GBP,UK.OBIE.IBAN,GB29NWBK60161331926819,Acme\n", "", 1},
		"CSV of none":             {own, "text/csv", head, "U010", 0},
		"CSV that lacks a column": {own, "text/csv", "Amount\n1\n", "U010", 0},
		"CSV with a short line":   {own, "text/csv", head + "1\n", "U010", 0},
		"CSV with half a penny":   {own, "text/csv", head + "1.505,GBP,UK.OBIE.IBAN,GB29NWBK60161331926819,Acme\n", "U002", 0},
		"CSV of too many":         {own, "text/csv", head + strings.Repeat("1.50,GBP,UK.OBIE.IBAN,GB29NWBK60161331926819,Acme\n", MaxFilePayments+1), "U010", 0},
	} {
		lines, err := ParsePaymentFile(row.kind, row.media, []byte(row.content))
		if codeOf(err) != row.code || len(lines) != row.n || (err == nil) != (row.code == "") {
			t.Errorf("%s: %d lines, %v", what, len(lines), err)
		}
	}
}

func FuzzPaymentBody(f *testing.F) {
	f.Add([]byte(`{"Data":{"Initiation":{"InstructedAmount":{"Amount":"1","Currency":"GBP"}}},"Risk":{}}`), true)
	f.Add([]byte(`[[[[1e99]]]]`), false)
	kinds := PaymentKinds()
	tables := map[bool][]shape{}
	for _, four := range []bool{true, false} {
		for _, k := range kinds {
			tables[four] = append(tables[four], k.consentShape(four))
		}
		tables[four] = append(tables[four], vrpConsentShape(four), vrpPaymentShape(four))
	}
	f.Fuzz(func(t *testing.T, b []byte, four bool) {
		doc, err := parseJSON(b)
		if err != nil {
			return
		}
		if !SameJSON(b, encode(doc)) {
			t.Errorf("%q changed on its way", b)
		}
		for i, table := range tables[four] {
			if err := table.check("", doc); err != nil {
				if codeOf(err) == "" {
					t.Errorf("%v is no rule", err)
				}
				continue
			}
			if i < len(kinds) {
				_, _ = kinds[i].instructionOf(dig(doc, "Data", "Initiation"))
			}
		}
	})
}

func FuzzPaymentFile(f *testing.F) {
	f.Add([]byte(pain), 0)
	f.Add([]byte("Amount,Currency,SchemeName,Identification,Name\n1.50,GBP,UK.OBIE.IBAN,GB29NWBK60161331926819,Acme\n"), 1)
	f.Add([]byte(`{"Data":{"DomesticPayments":[]}}`), 2)
	f.Fuzz(func(t *testing.T, b []byte, which int) {
		kind, media := "UK.OBIE.pain.001.001.08", "application/xml"
		switch which & 3 {
		case 1:
			kind, media = "UK.OBIE.PaymentInitiation.3.1", "text/csv"
		case 2:
			kind, media = "UK.OBIE.PaymentInitiation.4.0", "application/json"
		}
		lines, err := ParsePaymentFile(kind, media, b)
		if err == nil && (len(lines) == 0 || len(lines) > MaxFilePayments) {
			t.Errorf("%d lines", len(lines))
		}
		for _, l := range lines {
			if minor, err := l.Amount.Minor(); err != nil || minor <= 0 {
				t.Errorf("an amount of %v", l.Amount)
			}
		}
	})
}

func FuzzMessageSignature(f *testing.F) {
	f.Add("eyJhbGciOiJQUzI1NiJ9..AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		if _, _, _, err := splitSignature(s); err != nil && codeOf(err) == "" {
			t.Errorf("%v is no rule", err)
		}
	})
}

package obie_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/obie"
)

func eventNow() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

func rsaKey(tb testing.TB, kid string) (fapi.SigningKey, *rsa.PrivateKey) {
	tb.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return fapi.SigningKey{Signer: k, KeyID: kid, Alg: "PS256"}, k
}

func publishedKeys(tb testing.TB, keys ...fapi.SigningKey) jwk.Set {
	tb.Helper()
	raw, err := fapi.PublicJWKS(keys...)
	if err != nil {
		tb.Fatal(err)
	}
	set, err := fapi.ParseKeys(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// ps256 signs any header and payload, right or wrong.
func ps256(tb testing.TB, key *rsa.PrivateKey, head, payload string) string {
	tb.Helper()
	input := b64(head) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		tb.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// published by the standard, section "Event Notification", with our names in it.
const setPayload = `{"iss":"https://bank.example","iat":1795262400,"jti":"b460a07c-4962-43d1-85ee-9dc10fbb8f6c",
"sub":"https://bank.example/open-banking/v3.1/pisp/domestic-payments/pmt-7290-003","aud":"tpp","txn":"dfc51628-3479-4b81-ad60-210b43d02306",
"toe":1795262400,"events":{"urn:uk:org:openbanking:events:resource-update":{"subject":{
"subject_type":"http://openbanking.org.uk/rid_http://openbanking.org.uk/rty","http://openbanking.org.uk/rid":"pmt-7290-003",
"http://openbanking.org.uk/rty":"domestic-payment","http://openbanking.org.uk/rlk":[{"version":"v3.1","link":"https://bank.example/x"}]}}}}`

func TestForgedSETsAreRefused(t *testing.T) {
	bank, private := rsaKey(t, "bank")
	_, thief := rsaKey(t, "bank")
	keys := publishedKeys(t, bank)
	check := obie.SETCheck{Issuer: "https://bank.example", Audience: "tpp", Now: eventNow()}
	const head = `{"alg":"PS256","kid":"bank","typ":"secevent+jwt"}`
	with := func(from, to string) string {
		changed := strings.Replace(setPayload, from, to, 1)
		if changed == setPayload {
			t.Fatalf("%q is not in the payload", from)
		}
		return ps256(t, private, head, changed)
	}
	headed := func(h string) string { return ps256(t, private, h, setPayload) }
	hs := func() string {
		input := b64(`{"alg":"HS256","kid":"bank","typ":"secevent+jwt"}`) + "." + b64(setPayload)
		mac := hmac.New(sha256.New, private.N.Bytes())
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	rs := func() string {
		input := b64(`{"alg":"RS256","kid":"bank","typ":"secevent+jwt"}`) + "." + b64(setPayload)
		sum := sha256.Sum256([]byte(input))
		sig, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return input + "." + base64.RawURLEncoding.EncodeToString(sig)
	}
	for name, tc := range map[string]struct {
		token string
		want  onepoint.Code
	}{
		"the standard's example":   {headed(head), ""},
		"typ JWT":                  {headed(`{"alg":"PS256","kid":"bank","typ":"JWT"}`), ""},
		"full media type":          {headed(`{"alg":"PS256","kid":"bank","typ":"application/secevent+jwt"}`), ""},
		"alg none":                 {b64(`{"alg":"none","typ":"secevent+jwt"}`) + "." + b64(setPayload) + ".", onepoint.CodeSignatureInvalid},
		"HS256 with the public":    {hs(), onepoint.CodeSignatureInvalid},
		"RS256":                    {rs(), onepoint.CodeSignatureInvalid},
		"another key, same kid":    {ps256(t, thief, head, setPayload), onepoint.CodeSignatureInvalid},
		"unknown kid":              {headed(`{"alg":"PS256","kid":"other","typ":"secevent+jwt"}`), onepoint.CodeSignatureInvalid},
		"payload swapped":          {swap(headed(head), setPayload, "pmt-7290-003", "pmt-0000-000"), onepoint.CodeSignatureInvalid},
		"extra crit":               {headed(`{"alg":"PS256","kid":"bank","typ":"secevent+jwt","crit":["x"],"x":1}`), onepoint.CodeInvalid},
		"jku":                      {headed(`{"alg":"PS256","kid":"bank","typ":"secevent+jwt","jku":"https://thief.example"}`), onepoint.CodeInvalid},
		"its own jwk":              {headed(`{"alg":"PS256","kid":"bank","typ":"secevent+jwt","jwk":{}}`), onepoint.CodeInvalid},
		"its own x5c":              {headed(`{"alg":"PS256","kid":"bank","typ":"secevent+jwt","x5c":[]}`), onepoint.CodeInvalid},
		"unencoded payload":        {headed(`{"alg":"PS256","kid":"bank","typ":"secevent+jwt","b64":false}`), onepoint.CodeInvalid},
		"an access token":          {headed(`{"alg":"PS256","kid":"bank","typ":"at+jwt"}`), onepoint.CodeInvalid},
		"no typ":                   {headed(`{"alg":"PS256","kid":"bank"}`), onepoint.CodeInvalid},
		"another audience":         {with(`"aud":"tpp"`, `"aud":"other"`), onepoint.CodeInvalid},
		"no audience":              {with(`"aud":"tpp",`, ``), onepoint.CodeInvalid},
		"another issuer":           {with(`"iss":"https://bank.example"`, `"iss":"https://thief.example"`), onepoint.CodeInvalid},
		"iat a day and more ago":   {with(`"iat":1795262400`, `"iat":1795175999`), onepoint.CodeInvalid},
		"iat a day ago":            {with(`"iat":1795262400`, `"iat":1795176000`), ""},
		"iat ahead":                {with(`"iat":1795262400`, `"iat":1795262431`), onepoint.CodeInvalid},
		"no iat":                   {with(`"iat":1795262400,`, ``), onepoint.CodeInvalid},
		"toe ahead":                {with(`"toe":1795262400`, `"toe":1795262461`), onepoint.CodeInvalid},
		"no jti":                   {with(`"jti":"b460a07c-4962-43d1-85ee-9dc10fbb8f6c",`, ``), onepoint.CodeInvalid},
		"long jti":                 {with(`b460a07c`, strings.Repeat("x", 129)), onepoint.CodeInvalid},
		"audience twice":           {with(`"aud":"tpp"`, `"aud":"other","aud":"tpp"`), onepoint.CodeInvalid},
		"expired":                  {with(`"aud":"tpp"`, `"aud":"tpp","exp":1795262300`), onepoint.CodeInvalid},
		"no event":                 {with(`"events":{"urn`, `"events":{},"x":{"urn`), onepoint.CodeInvalid},
		"no resource":              {with(`"http://openbanking.org.uk/rid":"pmt-7290-003",`, ``), onepoint.CodeInvalid},
		"events of the wrong type": {with(`"events":{`, `"events":"x","y":{`), onepoint.CodeInvalid},
		"empty":                    {"", onepoint.CodeInvalid},
		"four parts":               {headed(head) + ".x", onepoint.CodeInvalid},
		"too large":                {strings.Repeat("x", 70<<10), onepoint.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := obie.VerifySET(tc.token, keys, check)
			if got := onepoint.CodeOf(err); got != tc.want {
				t.Fatalf("got %q (%v), want %q", got, err, tc.want)
			}
			if err == nil && (e.Resource != obie.EventResource{Type: "domestic-payment", ID: "pmt-7290-003"} || e.Type != obie.EventResourceUpdate || e.ID == "") {
				t.Errorf("read %+v", e)
			}
		})
	}
}

func swap(token, payload, from, to string) string {
	parts := strings.Split(token, ".")
	return parts[0] + "." + b64(strings.Replace(payload, from, to, 1)) + "." + parts[2]
}

func FuzzVerifySET(f *testing.F) {
	bank, private := rsaKey(f, "bank")
	keys := publishedKeys(f, bank)
	f.Add(`{"alg":"PS256","kid":"bank","typ":"secevent+jwt"}`, setPayload)
	f.Add(`{"alg":"none"}`, `{"events":{}}`)
	f.Add(`{"alg":"PS256","kid":"bank","typ":"JWT","crit":[]}`, `{"iss":null,"events":{"a":{},"b":{}}}`)
	f.Add(`{"alg":"PS256"}`, `{"iat":1e300,"toe":-1,"jti":"","aud":[],"events":null}`)
	check := obie.SETCheck{Issuer: "https://bank.example", Audience: "tpp", Now: eventNow()}
	f.Fuzz(func(t *testing.T, head, payload string) {
		if _, err := obie.VerifySET(head+"."+payload+".AAAA", keys, check); err == nil {
			t.Fatal("believed without a signature")
		}
		e, err := obie.VerifySET(ps256(t, private, head, payload), keys, check)
		if err != nil {
			if code := onepoint.CodeOf(err); code != onepoint.CodeInvalid && code != onepoint.CodeSignatureInvalid {
				t.Fatalf("%s: %v", code, err)
			}
			return
		}
		var claims struct {
			Audience any `json:"aud"`
			Events   map[string]any
		}
		if json.Unmarshal([]byte(payload), &claims) != nil || len(claims.Events) != 1 || e.ID == "" || e.Resource.ID == "" || eventNow().Sub(e.Issued) > 24*time.Hour {
			t.Fatalf("believed %s", payload)
		}
	})
}

func TestMessageSignaturesAreCheckedToTheLetter(t *testing.T) {
	tpp, private := rsaKey(t, "k1")
	_, thief := rsaKey(t, "k1")
	const body = `{"Data":{"Version":"4.0"}}`
	const good = `{"alg":"PS256","kid":"k1","typ":"JOSE","cty":"application/json","http://openbanking.org.uk/iat":1795262400,` +
		`"http://openbanking.org.uk/iss":"org/software","http://openbanking.org.uk/tan":"openbanking.org.uk",` +
		`"crit":["http://openbanking.org.uk/iat","http://openbanking.org.uk/iss","http://openbanking.org.uk/tan"]}`
	s := obie.EventSignature{Key: func() fapi.SigningKey { return tpp }, Issuer: "org/software", Now: eventNow, Keys: func(context.Context, string, bool) (jwk.Set, string, error) {
		return publishedKeys(t, tpp), "org/software", nil
	}}
	detached := func(key *rsa.PrivateKey, head string) string {
		parts := strings.Split(ps256(t, key, head, body), ".")
		return parts[0] + ".." + parts[2]
	}
	with := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("%q is not in the header", from)
		}
		return detached(private, strings.Replace(good, from, to, 1))
	}
	own, err := s.Sign([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ signature, want string }{
		"our own":           {own, ""},
		"another's, good":   {detached(private, good), ""},
		"crit in any order": {with(`["http://openbanking.org.uk/iat","http://openbanking.org.uk/iss"`, `["http://openbanking.org.uk/iss","http://openbanking.org.uk/iat"`), ""},
		"no typ, no cty":    {with(`"typ":"JOSE","cty":"application/json",`, ``), ""},
		"none":              {"", "U019"},
		"not detached":      {ps256(t, private, good, body), "U018"},
		"no base64":         {"!..!", "U018"},
		"no JSON":           {b64("x") + "..AAAA", "U018"},
		"another key":       {detached(thief, good), "U015"},
		"unknown kid":       {with(`"kid":"k1"`, `"kid":"k2"`), "U015"},
		"alg none":          {with(`"alg":"PS256"`, `"alg":"none"`), "U016"},
		"alg RS256":         {with(`"alg":"PS256"`, `"alg":"RS256"`), "U016"},
		"alg HS256":         {with(`"alg":"PS256"`, `"alg":"HS256"`), "U016"},
		"another's name":    {with(`"org/software"`, `"org/other"`), "U016"},
		"iat ahead":         {with(`1795262400`, `1795262431`), "U016"},
		"iat as text":       {with(`1795262400`, `"1795262400"`), "U018"},
		"unknown claim":     {with(`"typ":"JOSE"`, `"typ":"JOSE","x5u":"https://thief.example"`), "U016"},
		"b64 of old":        {with(`"typ":"JOSE"`, `"typ":"JOSE","b64":false`), "U016"},
		"crit with more":    {with(`"crit":[`, `"crit":["b64",`), "U016"},
		"crit with less":    {with(`"crit":["http://openbanking.org.uk/iat",`, `"crit":[`), "U016"},
		"no crit":           {with(`,"crit":["http://openbanking.org.uk/iat","http://openbanking.org.uk/iss","http://openbanking.org.uk/tan"]`, ``), "U017"},
		"no tan":            {with(`"http://openbanking.org.uk/tan":"openbanking.org.uk",`, ``), "U017"},
		"no kid":            {with(`"kid":"k1",`, ``), "U017"},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Check(context.Background(), "tpp", tc.signature, []byte(body))
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), tc.want+":") {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	if err := s.Check(context.Background(), "tpp", own, []byte(body+" ")); err == nil {
		t.Error("the signature holds for other bytes")
	}
}

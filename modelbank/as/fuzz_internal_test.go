package as

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func FuzzName(f *testing.F) {
	for _, s := range []string{"CN=a,O=b", `CN="a,b"+2.5.4.97=#0c0161,C=\2c`, `"`, `\`, "=", "#", "CN=#zz", strings.Repeat("CN=a,", 200)} {
		f.Add(s)
	}
	cert := &x509.Certificate{Subject: pkix.Name{Names: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "a"}}}}
	f.Fuzz(func(t *testing.T, s string) {
		parts, ok := parseName(s)
		if sameName(s, cert) && (!ok || len(parts) != 1 || parts[0] != "2.5.4.3=a") {
			t.Errorf("%q is taken for CN=a", s)
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("grant_type=client_credentials&scope=a")
	f.Add("a=1&a=2&%zz=;")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		values, err := form(r)
		for name := range values {
			if err == nil && len(values[name]) != 1 {
				t.Errorf("%q has %d values", name, len(values[name]))
			}
		}
	})
}

func FuzzBasicAuth(f *testing.F) {
	f.Add("Basic YTpi")
	f.Add("Basic %")
	f.Fuzz(func(t *testing.T, head string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", head)
		if id, secret, ok, err := basicAuth(r); err != nil && (ok || id != "" || secret != "") {
			t.Error("an error with credentials")
		}
	})
}

func FuzzCode(f *testing.F) {
	f.Add("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "123 456")
	f.Fuzz(func(t *testing.T, secret, code string) {
		at := time.Unix(1111111109, 0)
		key, err := totpKey(secret)
		if err != nil {
			return
		}
		if _, ok := matchStep(key, cleanCode(code), at); ok && len(cleanCode(code)) != totpDigits {
			t.Errorf("%q is a code", code)
		}
	})
}

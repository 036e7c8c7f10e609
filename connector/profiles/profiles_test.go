package profiles

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

func TestShippedProfilesAreWhole(t *testing.T) {
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p connector.Profile) bool { return p.ID == "model-bank-uk" })
	if i < 0 || len(all[i].TestUsers) != 3 {
		t.Errorf("got %+v", all)
	}
}

func TestParseNamesEveryFault(t *testing.T) {
	good, err := files.ReadFile("model-bank-uk.toml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, field string }{
		{"an id with capitals", `id = "model-bank-uk"`, `id = "Model"`, "id"},
		{"a country in words", `country = "GB"`, `country = "Britain"`, "country"},
		{"a malformed BIC", `bic = "MODLGB2L"`, `bic = "MODL"`, "bic"},
		{"an unknown zone", `Europe/London`, `Europe/Nowhere`, "time_zone"},
		{"an issuer without TLS", `issuer = "https:`, `issuer = "http:`, "endpoints.issuer"},
		{"an issuer with a password", `issuer = "https://`, `issuer = "https://me:secret@`, "endpoints.issuer"},
		{"a weak algorithm", `PS256`, `RS256`, "security.signing_alg"},
		{"the implicit flow", `"code id_token"`, `"token"`, "security.response_type"},
		{"a misspelt key", `consent_days`, `consent_day`, "limits.consent_day"},
		{"a negative limit", `consent_days = 180`, `consent_days = -1`, "limits"},
		{"an unknown offer", `offers = ["accounts", "payments", "funds"]`, `offers = ["loans"]`, "offers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(string(good), tt.old, tt.new, 1)
			if changed == string(good) {
				t.Fatal("the test changes nothing")
			}
			_, err := Parse([]byte(changed))
			if onepoint.CodeOf(err) != onepoint.CodeInvalid || !strings.Contains(err.Error(), tt.field) {
				t.Errorf("got %v, want %s named", err, tt.field)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	good, err := files.ReadFile("model-bank-uk.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("id = 1"))
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := Parse(content)
		if err == nil && (p.ID == "" || !strings.HasPrefix(p.Endpoints.Issuer, "https://")) {
			t.Fatalf("took %+v", p)
		}
	})
}

func TestAUsersProfilesStandBesideTheShippedOnes(t *testing.T) {
	shipped, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(shipped, func(p connector.Profile) bool { return p.ID == "op" })
	content, err := files.ReadFile("op.toml")
	if i < 0 || err != nil {
		t.Fatal(err)
	}
	mine := strings.Replace(string(content), `id = "op"`, `id = "op-sandbox"`, 1)
	moved := strings.ReplaceAll(string(content), "https://127.0.0.1:8443/op", "https://sandbox.example")
	own, err := From(fstest.MapFS{"op-sandbox.toml": {Data: []byte(mine)}, "op.toml": {Data: []byte(moved)}, "notes.txt": {Data: []byte("no profile")}})
	if err != nil || len(own) != 2 {
		t.Fatalf("%d profiles, %v", len(own), err)
	}
	all := Merge(shipped, own)
	if len(all) != len(shipped)+1 {
		t.Errorf("%d profiles, want one more than the %d shipped", len(all), len(shipped))
	}
	for _, p := range all {
		if p.ID == "op" && !strings.HasPrefix(p.Endpoints.Token, "https://sandbox.example") {
			t.Error("the user's profile did not take the shipped one's place")
		}
	}
	for name, data := range map[string]string{"another name.toml": mine, "op-sandbox.toml": "id = 7"} {
		if _, err := From(fstest.MapFS{name: {Data: []byte(data)}}); onepoint.CodeOf(err) != onepoint.CodeInvalid || !strings.Contains(onepoint.MessageOf(err), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package eidas_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// golden is the DER of [QcType web, PSD2{PSP_AS, "Financial Conduct Authority",
// "GB-FCA"}] from the test of UK Open Banking's certificate profile.
const golden = "305b3013060604008e4601063009060704008e4601060330440606040081982702303a301330110607040081982701010c065053505f41530c1b" +
	"46696e616e6369616c20436f6e6475637420417574686f726974790c0647422d464341"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoldenStatementsReadAndWrite(t *testing.T) {
	der := unhex(t, golden)
	q, err := eidas.ParseQCStatements(der)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(q.Types, []eidas.QCType{eidas.TypeWeb}) || len(q.Warnings) != 0 || q.PSD2 == nil {
		t.Fatalf("got %+v", q)
	}
	p := *q.PSD2
	if !slices.Equal(p.Roles, []eidas.Role{eidas.RoleAS}) || p.NCAName != "Financial Conduct Authority" || p.NCAID != "GB-FCA" {
		t.Errorf("got %+v", p)
	}
	again, err := eidas.QCStatements{
		Types: []eidas.QCType{eidas.TypeWeb},
		PSD2:  &eidas.PSD2{Roles: []eidas.Role{eidas.RoleAS}, NCAName: "Financial Conduct Authority", NCAID: "GB-FCA"},
	}.Marshal()
	if err != nil || !bytes.Equal(again, der) {
		t.Errorf("wrote %x, %v", again, err)
	}
}

// Pieces of DER, written by hand after EN 319 412-5 and TS 119 495.
const (
	compliance  = "3008060604008e460101"
	sscd        = "3008060604008e460104"
	retention   = "300b060604008e460103" + "02010a"
	pds         = "3021" + "060604008e460105" + "3017" + "3015" + "160f" + "68747470733a2f2f712e6578616d70" + "1302" + "656e"
	legislation = "300e060604008e460107" + "3004" + "1302" + "4742"
	typeWeb     = "3013060604008e4601063009060704008e46010603"
	typeSeal    = "3013060604008e4601063009060704008e46010602"
)

func list(pieces ...string) string {
	body := strings.Join(pieces, "")
	n := len(body) / 2
	if n < 0x80 {
		return "30" + hex.EncodeToString([]byte{byte(n)}) + body
	}
	return "3081" + hex.EncodeToString([]byte{byte(n)}) + body
}

func psd2(roles, name, id string) string {
	body := list(roles) + utf8(name) + utf8(id)
	return list("0606040081982702", list(body))
}

func role(n byte, name string) string {
	return list("06070400819827"+"01"+hex.EncodeToString([]byte{n}), utf8(name))
}

func utf8(s string) string {
	return "0c" + hex.EncodeToString([]byte{byte(len(s))}) + hex.EncodeToString([]byte(s))
}

func TestStatementsInAnyOrder(t *testing.T) {
	p := psd2(role(3, "PSP_AI")+role(2, "PSP_PI"), "BaFin", "DE-BAFIN")
	pieces := []string{compliance, typeSeal, p, pds, legislation, sscd, retention}
	for shift := range pieces {
		in := list(slices.Concat(pieces[shift:], pieces[:shift])...)
		q, err := eidas.ParseQCStatements(unhex(t, in))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		ok := q.Compliance && q.SSCD && slices.Equal(q.Types, []eidas.QCType{eidas.TypeSeal}) &&
			slices.Equal(q.PDS, []eidas.PDS{{URL: "https://q.examp", Language: "en"}}) &&
			slices.Equal(q.Legislation, []string{"GB"}) && len(q.Other) == 1 && len(q.Warnings) == 0 &&
			q.PSD2 != nil && slices.Equal(q.PSD2.Roles, []eidas.Role{eidas.RoleAI, eidas.RolePI}) && q.PSD2.NCAID == "DE-BAFIN"
		if !ok {
			t.Errorf("%s: read as %+v %+v", in, q, q.PSD2)
		}
	}
}

func TestStatementsTolerated(t *testing.T) {
	tests := []struct {
		name, der string
		warning   string
		roles     []eidas.Role
	}{
		{"a bare statement", psd2(role(1, "PSP_AS"), "FCA", "GB-FCA"), "bare statement", []eidas.Role{eidas.RoleAS}},
		{"an empty list", "3000", "", nil},
		{"an unknown statement", list("3005" + "0603" + "2a0304"), "", nil},
		{"role name unlike its OID", list(psd2(role(1, "PSP_PI"), "FCA", "GB-FCA")), `is PSP_AS, but the certificate names it "PSP_PI"`, []eidas.Role{eidas.RoleAS}},
		{"unknown role", list(psd2(role(9, "PSP_XX")+role(3, "PSP_AI"), "FCA", "GB-FCA")), "unknown and ignored", []eidas.Role{eidas.RoleAI}},
		{"a role twice", list(psd2(role(3, "PSP_AI")+role(3, "PSP_AI"), "FCA", "GB-FCA")), "", []eidas.Role{eidas.RoleAI}},
		{"a field of a later edition", list(list("0606040081982702", list(list(role(1, "PSP_AS"))+utf8("FCA")+utf8("GB-FCA")+utf8("x")))), "", []eidas.Role{eidas.RoleAS}},
		{"unknown type", list("3013060604008e4601063009060704008e46010609"), "unknown value 0.4.0.1862.1.6.9", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := eidas.ParseQCStatements(unhex(t, tt.der))
			if err != nil {
				t.Fatal(err)
			}
			var got []eidas.Role
			if q.PSD2 != nil {
				got = q.PSD2.Roles
			}
			if !slices.Equal(got, tt.roles) {
				t.Errorf("roles %v, want %v", got, tt.roles)
			}
			if all := strings.Join(q.Warnings, "\n"); !strings.Contains(all, tt.warning) || tt.warning == "" && all != "" {
				t.Errorf("warnings %q, want %q", all, tt.warning)
			}
		})
	}
}

func TestStatementsRefused(t *testing.T) {
	one := psd2(role(1, "PSP_AS"), "FCA", "GB-FCA")
	for name, der := range map[string]string{
		"nothing":                 "",
		"bytes after the end":     golden + "00",
		"cut short":               golden[:len(golden)-4],
		"not a sequence":          "0c0141",
		"two PSD2 statements":     list(one, one),
		"PSD2 without content":    list("3008" + "0606040081982702"),
		"PSD2 with trailing text": list("300a" + "0606040081982702" + "0500"),
		"QcType as a bare OID":    list("3011060604008e460106" + "060704008e46010603"),
	} {
		if q, err := eidas.ParseQCStatements(unhex(t, der)); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: got %+v, %v", name, q, err)
		}
	}
}

func TestMarshalRefusesWhatTheProfileForbids(t *testing.T) {
	for name, q := range map[string]eidas.QCStatements{
		"unknown type": {Types: []eidas.QCType{"x"}},
		"no role":      {PSD2: &eidas.PSD2{NCAName: "FCA", NCAID: "GB-FCA"}},
		"unknown role": {PSD2: &eidas.PSD2{Roles: []eidas.Role{"PSP_XX"}, NCAName: "FCA", NCAID: "GB-FCA"}},
		"no authority": {PSD2: &eidas.PSD2{Roles: []eidas.Role{eidas.RoleAS}}},
		"url not IA5":  {PDS: []eidas.PDS{{URL: "https://ä", Language: "en"}}},
	} {
		if _, err := q.Marshal(); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOrganisationID(t *testing.T) {
	for s, want := range map[string]eidas.OrganisationID{
		"PSDGB-FCA-123456":       {Country: "GB", NCA: "FCA", ID: "123456"},
		"PSDDE-BAFIN-123456":     {Country: "DE", NCA: "BAFIN", ID: "123456"},
		"PSDEE-FI-1":             {Country: "EE", NCA: "FI", ID: "1"},
		"PSDES-BE-0182-A":        {Country: "ES", NCA: "BE", ID: "0182-A"},
		"PSDFI-ABCDEFGH-ä b":     {Country: "FI", NCA: "ABCDEFGH", ID: "ä b"},
		"PSDGB-FCA-":             {},
		"PSDGB-F-1":              {},
		"PSDGB-ABCDEFGHI-1":      {},
		"PSDGB-fca-1":            {},
		"PSDgb-FCA-1":            {},
		"PSDGBR-FCA-1":           {},
		"PSDGB-FCA- 1":           {},
		"PSDGB-FCA-1\n":          {},
		"VATDE-123":              {},
		"PSDGB":                  {},
		"":                       {},
		"xPSDGB-FCA-123456":      {},
		"PSDGB-FCA-\xff":         {},
		"PSDGB-FCA-a\x00b":       {},
		"PSDGB-FCA-1\u2028 2\t3": {},
	} {
		got, err := eidas.ParseOrganisationID(s)
		if got != want || (err == nil) != (want != eidas.OrganisationID{}) {
			t.Errorf("%q: got %+v, %v", s, got, err)
		}
		if err == nil && got.String() != s {
			t.Errorf("%q comes back as %q", s, got)
		}
		if err != nil && onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzParseQCStatements(f *testing.F) {
	f.Add(unhex(f, golden))
	f.Add(unhex(f, list(compliance, typeSeal, pds, legislation, sscd, retention, psd2(role(3, "PSP_AI"), "BaFin", "DE-BAFIN"))))
	f.Add(unhex(f, psd2(role(1, "PSP_AS"), "FCA", "GB-FCA")))
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		q, err := eidas.ParseQCStatements(der)
		if err != nil {
			return
		}
		again, err := q.Marshal()
		if err != nil {
			return // texts and emptiness that may be read but not written
		}
		back, err := eidas.ParseQCStatements(again)
		if err != nil {
			t.Fatalf("%x was read and written as %x, which does not read: %v", der, again, err)
		}
		if !slices.Equal(back.Types, q.Types) || (back.PSD2 == nil) != (q.PSD2 == nil) ||
			back.PSD2 != nil && !slices.Equal(back.PSD2.Roles, q.PSD2.Roles) {
			t.Fatalf("%x became %x", der, again)
		}
	})
}

func FuzzParseOrganisationID(f *testing.F) {
	f.Add("PSDGB-FCA-123456")
	f.Add("PSDES-BE-0182-A")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := eidas.ParseOrganisationID(s); err == nil && id.String() != s {
			t.Fatalf("%q became %q", s, id)
		}
	})
}

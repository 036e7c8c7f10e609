package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

// atBunq registers at bunq and connects bob there. It returns the connection and
// the number of his euro account.
func (s *testStack) atBunq(t *testing.T) (connection, account string) {
	t.Helper()
	if code, out, errs := s.command(t, "tpp", "register", "bunq"); code != 0 {
		t.Fatalf("register: %s %s", out, errs)
	}
	code, out, errs := s.command(t, "connect", "bunq", "--psu", "bob", "--approve", "--json")
	var conn api.Connection
	if code != 0 || json.Unmarshal([]byte(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]), &conn) != nil {
		t.Fatalf("connect: %s %s", out, errs)
	}
	all := s.called(t, "call", "bunq", "monetary-account.list", "--connection", conn.ID, "--set", "count=200").([]any)
	for _, one := range all {
		for _, inner := range one.(map[string]any) {
			if a := inner.(map[string]any); a["currency"] == "EUR" && account == "" {
				account = strconv.FormatInt(int64(a["id"].(float64)), 10)
			}
		}
	}
	if account == "" {
		t.Fatalf("no account in euros: %v", all)
	}
	return conn.ID, account
}

// called is the JSON that a command prints.
func (s *testStack) called(t *testing.T, args ...string) (v any) {
	t.Helper()
	code, out, errs := s.command(t, args...)
	if err := json.Unmarshal([]byte(out), &v); code != 0 || err != nil {
		t.Fatalf("%v: %d %v %s %s", args, code, err, out, errs)
	}
	return v
}

// given counts the gifts in bob's books.
func (s *testStack) given(t *testing.T, text string) (n int) {
	t.Helper()
	truth, err := s.Bank.Core.Truth(t.Context(), "cus_bob")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range truth {
		for _, row := range a.Transactions {
			if row.Information == text && row.Amount.Equal(onepoint.MustMoney("25.00", "EUR")) {
				n++
			}
		}
	}
	return n
}

func TestCallMakesBunqsOwnCalls(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		s := startStack(t, "demo", database, bankDatabase)
		connection, account := s.atBunq(t)
		ask := []string{
			"call", "bunq", "request-inquiry.create", "--connection", connection, "--set", "account=" + account, "--set", "amount=25.00",
			"--set", "currency=EUR", "--set", "to=sugardaddy@bunq.com", "--set", "description=a, b; c=d",
		}
		code, out, errs := s.command(t, ask...)
		var made struct{ ID int64 }
		if err := json.Unmarshal([]byte(out), &made); code != 0 || err != nil || made.ID == 0 || !strings.Contains(out, "\n  \"id\": ") {
			t.Fatalf("ask: %d %v %s %s", code, err, out, errs)
		}
		if n := s.given(t, "a, b; c=d"); n != 1 {
			t.Errorf("given %d times", n)
		}
		one := s.called(t, "call", "bunq", "request-inquiry.get", "--connection", connection, "--set", "account="+account, "--set", "request="+strconv.FormatInt(made.ID, 10), "--json")
		if one.(map[string]any)["status"] != "ACCEPTED" {
			t.Errorf("request: %v", one)
		}
		if keys := s.called(t, "call", "bunq", "credential-password-ip.list").([]any); len(keys) != 1 {
			t.Errorf("API keys: %v", keys)
		}
		audited := 0
		for _, e := range s.audited(t) {
			if e.Action == "operation.requested" {
				audited++
				if e.Subject != "bunq" || e.Detail["operation"] != "request-inquiry.create" || e.Detail["connection"] != connection || len(e.Detail) != 2 {
					t.Errorf("audited %+v", e)
				}
			}
		}
		if audited != 1 {
			t.Errorf("%d changes are in the audit log", audited)
		}
		s.noSecretsLogged(t)
	})
}

func TestCallListsOperations(t *testing.T) {
	s := startStack(t, "demo", "", "")
	if code, _, errs := s.command(t, "call", "bunq"); code != exitError || !strings.Contains(errs, "register") {
		t.Errorf("before the registration: %d %s", code, errs)
	}
	s.atBunq(t)
	code, out, errs := s.command(t, "call", "bunq")
	for _, want := range []string{"draft-payment.cancel  ", "--connection ID; changes something", "as ourselves", "amount: a positive decimal", "older_id (optional): "} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%d %s: no %q in %s", code, errs, want, out)
		}
	}
	if all := s.called(t, "call", "bunq", "--json").([]any); len(all) < 20 {
		t.Errorf("only %d operations", len(all))
	}
	if code, out, _ := s.command(t, "call", "model-bank-uk"); code != 0 || !strings.Contains(out, "no operations of its own") {
		t.Errorf("a bank without any: %d %s", code, out)
	}
}

func TestCallSaysWhatIsWrong(t *testing.T) {
	s := startStack(t, "demo", "", "")
	connection, account := s.atBunq(t)
	if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "bob", "--approve", "--json"); code != 0 {
		t.Fatal(errs)
	}
	other := ""
	for _, one := range s.called(t, "connections", "--json").([]any) {
		if c := one.(map[string]any); c["bank"] == "model-bank-uk" {
			other = c["id"].(string)
		}
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no connection", []string{"bunq", "user.get"}, exitUsage, "--connection"},
		{"a connection too many", []string{"bunq", "provider.get", "--connection", connection}, exitUsage, "left out"},
		{"a connection of another bank", []string{"bunq", "user.get", "--connection", other}, exitUsage, "model-bank-uk"},
		{"an unknown connection", []string{"bunq", "user.get", "--connection", "con_none"}, exitError, "no such connection"},
		{"an unknown operation", []string{"bunq", "card.order"}, exitUsage, "request-inquiry.create, request-inquiry.list"},
		{"an unknown bank", []string{"nobank", "user.get"}, exitError, "nobank"},
		{"a missing field", []string{"bunq", "monetary-account.get", "--connection", connection}, exitUsage, "account"},
		{"a wrong field", []string{"bunq", "payment.list", "--connection", connection, "--set", "account=" + account, "--set", "count=many"}, exitUsage, "count"},
		{"a field that is none", []string{"bunq", "provider.get", "--set", "colour=red"}, exitUsage, "colour"},
		{"a field without a value", []string{"bunq", "provider.get", "--set", "colour"}, exitUsage, "NAME=VALUE"},
		{"a field twice", []string{"bunq", "provider.get", "--set", "a=b", "--set", "a=c"}, exitUsage, "once"},
		{"a field without an operation", []string{"bunq", "--set", "a=b"}, exitUsage, "OPERATION"},
		{"a thing that is not there", []string{"bunq", "draft-payment.get", "--connection", connection, "--set", "account=" + account, "--set", "draft=7"}, exitError, "could not be found"},
	} {
		code, out, errs := s.command(t, append([]string{"call"}, tt.args...)...)
		if code != tt.code || !strings.Contains(errs, tt.want) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("%s: exit %d, %q %q", tt.name, code, out, errs)
		}
	}
}

func TestOperationsOverTheAPI(t *testing.T) {
	s := startStack(t, "demo", "", "")
	connection, account := s.atBunq(t)
	cl, err := (&cliContext{Data: s.Data}).client()
	if err != nil {
		t.Fatal(err)
	}
	post := func(path string, in map[string]string) (api.Answer, onepoint.Code) {
		var out api.Answer
		err := cl.call(t.Context(), http.MethodPost, path, map[string]any{"input": in}, &out)
		return out, onepoint.CodeOf(err)
	}
	atBank, atConnection := "/banks/bunq/operations/", "/connections/"+url.PathEscape(connection)+"/operations/"
	for _, tt := range []struct {
		path string
		in   map[string]string
		want onepoint.Code
	}{
		{atBank + "provider.get", nil, ""},
		{atConnection + "payment.list", map[string]string{"account": account}, ""},
		{atConnection + "provider.get", nil, onepoint.CodeInvalid},
		{atBank + "user.get", nil, onepoint.CodeInvalid},
		{atConnection + "payment.list", nil, onepoint.CodeInvalid},
		{atConnection + "payment.burn", nil, onepoint.CodeNotFound},
		{atConnection + "payment.list", map[string]string{"account": "999"}, onepoint.CodeNotFound},
		{"/connections/con_none/operations/user.get", nil, onepoint.CodeNotFound},
		{"/banks/nobank/operations/user.get", nil, onepoint.CodeNotFound},
		{"/banks/op/operations/user.get", nil, onepoint.CodeConflict},
		{"/banks/model-bank-uk/operations/user.get", nil, onepoint.CodeNotFound},
	} {
		answer, code := post(tt.path, tt.in)
		if code != tt.want || code == "" && len(answer.Answer) < 10 {
			t.Errorf("%s: %s %s, want %s", tt.path, code, answer.Answer, tt.want)
		}
	}
	cl.token = "opk_wrong"
	if _, code := post(atBank+"provider.get", nil); code != onepoint.CodeUnauthenticated {
		t.Errorf("with a wrong key: %s", code)
	}
}

package modelbank_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/standard/obie"
)

func versions() map[string]bool { return map[string]bool{"v3.1": false, "v4.0": true} }

// walk takes every journey of the three APIs in one version.
func walk(t *testing.T, c *counter, version string, four bool) {
	t.Helper()
	base := "/open-banking/" + version + "/pisp"
	for _, k := range obie.PaymentKinds() {
		if k.File {
			continue
		}
		_, payment := c.journey(t, base, k.Name, c.consentBody(k.Name, four))
		if k.Scheduled || k.Recurring {
			c.advance(73 * time.Hour)
			if err := c.pay.Run(context.Background(), c.now()); err != nil {
				t.Fatal(err)
			}
			if o, err := c.pay.PaymentOrder(context.Background(), payer(), k.Name, payment); err != nil || len(o.Executions) != 1 || o.Executions[0].State != obie.SettlementCompleted {
				t.Errorf("%s: %+v, %v", k.Name, o, err)
			}
			c.do(t, http.MethodGet, base+"/"+k.Name+"s/"+payment, clientToken, nil)
			c.do(t, http.MethodGet, base+"/"+k.Name+"s/"+payment+"/payment-details", clientToken, nil)
		}
	}
	walkFile(t, c, base, four)
	walkVRP(t, c, base, four)
	walkFunds(t, c, strings.Replace(base, "pisp", "cbpii", 1))
}

const csvFile = "Amount,Currency,SchemeName,Identification,Name,Reference\n1.50,GBP,UK.OBIE.SortCodeAccountNumber,12345612345678,Acme,A1\n2.50,GBP,UK.OBIE.IBAN,GB29NWBK60161331926819,Bolt,B2\n"

func walkFile(t *testing.T, c *counter, base string, four bool) {
	t.Helper()
	sum := sha256.Sum256([]byte(csvFile))
	kind := "UK.OBIE.PaymentInitiation.3.1"
	if four {
		kind = "UK.OBIE.PaymentInitiation.4.0"
	}
	in := m{"FileType": kind, "FileHash": base64.StdEncoding.EncodeToString(sum[:]), "NumberOfTransactions": "2", "ControlSum": 4.0}
	lodged := c.do(t, http.MethodPost, base+"/file-payment-consents", clientToken, m{"Data": m{"Initiation": in}})
	consent := lodged.text("Data.ConsentId")
	if s := lodged.text("Data.Status"); s != "AWUP" && s != "AwaitingUpload" {
		t.Fatalf("%d %s", lodged.status, lodged.answer)
	}
	path := base + "/file-payment-consents/" + consent + "/file"
	if bad := c.do(t, http.MethodPost, path, clientToken, csvFile+" ", header("Content-Type", "text/csv")); bad.status != 400 {
		t.Errorf("another file: %d", bad.status)
	}
	if up := c.do(t, http.MethodPost, path, clientToken, csvFile, header("Content-Type", "text/csv")); up.status != 200 {
		t.Fatalf("upload: %d %s", up.status, up.answer)
	}
	if down := c.do(t, http.MethodGet, path, clientToken, nil); string(down.answer) != csvFile || down.header.Get("x-jws-signature") == "" {
		t.Errorf("download: %d %s", down.status, down.answer)
	}
	if err := c.pay.Approve(context.Background(), consent, paula, []string{payAccount}); err != nil {
		t.Fatal(err)
	}
	c.do(t, http.MethodGet, base+"/file-payment-consents/"+consent, clientToken, nil)
	before := c.booked(t, payAccount)
	made := c.do(t, http.MethodPost, base+"/file-payments", userToken(consent), m{"Data": m{"ConsentId": consent, "Initiation": in}})
	payment := made.text("Data.FilePaymentId")
	if made.status != 201 || before-c.booked(t, payAccount) != 4_00 {
		t.Fatalf("%d %s, paid %d", made.status, made.answer, before-c.booked(t, payAccount))
	}
	for _, what := range []string{"", "/payment-details", "/report-file"} {
		got := c.do(t, http.MethodGet, base+"/file-payments/"+payment+what, clientToken, nil)
		if got.status != 200 || what == "/report-file" && strings.Count(string(got.answer), "ACSC") != 2 {
			t.Errorf("%s: %d %s", what, got.status, got.answer)
		}
	}
}

func vrpBody() m {
	return m{"Data": m{
		"ReadRefundAccount": "Yes",
		"ControlParameters": m{
			"MaximumIndividualAmount": money("20.00", "GBP"), "VRPType": []string{"UK.OBIE.VRPType.Sweeping"},
			"PSUAuthenticationMethods": []string{"UK.OBIE.SCANotRequired"},
			"PeriodicLimits":           []m{{"PeriodType": "Week", "PeriodAlignment": "Consent", "Amount": "30.00", "Currency": "GBP"}},
		},
		"Initiation": m{"CreditorAccount": account("12345612345678", "Savings")},
	}, "Risk": m{}}
}

func vrpPayment(consent, amount string) m {
	return m{"Data": m{
		"ConsentId": consent, "PSUAuthenticationMethod": "UK.OBIE.SCANotRequired", "VRPType": "UK.OBIE.VRPType.Sweeping",
		"Initiation": vrpBody()["Data"].(m)["Initiation"],
		"Instruction": m{
			"InstructionIdentification": "i1", "EndToEndIdentification": "e1", "InstructedAmount": money(amount, "GBP"),
			"CreditorAccount": account("12345612345678", "Savings"),
		},
	}, "Risk": m{}}
}

func walkVRP(t *testing.T, c *counter, base string, four bool) {
	t.Helper()
	lodged := c.do(t, http.MethodPost, base+"/domestic-vrp-consents", clientToken, vrpBody())
	consent := lodged.text("Data.ConsentId")
	if lodged.status != 201 {
		t.Fatalf("%d %s", lodged.status, lodged.answer)
	}
	if err := c.pay.Approve(context.Background(), consent, paula, []string{payAccount}); err != nil {
		t.Fatal(err)
	}
	one := base + "/domestic-vrp-consents/" + consent
	c.do(t, http.MethodGet, one, clientToken, nil)
	funds := c.do(t, http.MethodPost, one+"/funds-confirmation", userToken(consent), m{"Data": m{"ConsentId": consent, "InstructedAmount": money("5.00", "GBP")}})
	if funds.status != 201 || funds.text("Data.FundsAvailableResult.FundsAvailable") != "Available" {
		t.Errorf("funds: %d %s", funds.status, funds.answer)
	}
	for amount, want := range map[string]string{"20.01": "U014", "20.00": "", "10.01": "U014"} {
		if amount == "10.01" {
			continue
		}
		made := c.do(t, http.MethodPost, base+"/domestic-vrps", userToken(consent), vrpPayment(consent, amount))
		if code := made.code(); code != want && code != v3(want) {
			t.Errorf("VRP of %s: %d %s", amount, made.status, made.answer)
		}
		if id := made.text("Data.DomesticVRPId"); id != "" {
			c.do(t, http.MethodGet, base+"/domestic-vrps/"+id, clientToken, nil)
			c.do(t, http.MethodGet, base+"/domestic-vrps/"+id+"/payment-details", clientToken, nil)
		}
	}
	over := c.do(t, http.MethodPost, base+"/domestic-vrps", userToken(consent), vrpPayment(consent, "10.01"))
	if over.status != 400 || over.text("Errors.Path") != "Data.ControlParameters.PeriodicLimits[0].Amount" {
		t.Errorf("over the limit: %d %s", over.status, over.answer)
	}
	if four {
		if got := c.do(t, http.MethodPut, one, clientToken, vrpBody()); got.status != 200 {
			t.Errorf("put: %d %s", got.status, got.answer)
		}
		patch := []m{{"op": "test", "path": "/Data/ReadRefundAccount", "value": "Yes"}}
		if got := c.do(t, http.MethodPatch, one, clientToken, patch, header("Content-Type", "application/json-patch+json")); got.status != 200 {
			t.Errorf("patch: %d %s", got.status, got.answer)
		}
	}
	if gone := c.do(t, http.MethodDelete, one, clientToken, nil); gone.status != 204 {
		t.Errorf("delete: %d", gone.status)
	}
	if got := c.do(t, http.MethodGet, one, clientToken, nil); got.status != 400 {
		t.Errorf("read a deleted consent: %d", got.status)
	}
}

func v3(code string) string {
	return map[string]string{"U014": "UK.OBIE.Rules.FailsControlParameters"}[code]
}

func walkFunds(t *testing.T, c *counter, base string) {
	t.Helper()
	token := strings.Replace(clientToken, "payments", "fundsconfirmations", 1)
	lodged := c.do(t, http.MethodPost, base+"/funds-confirmation-consents", token, m{"Data": m{"DebtorAccount": account("04990100000000", "Paula P")}})
	consent := lodged.text("Data.ConsentId")
	if lodged.status != 201 {
		t.Fatalf("%d %s", lodged.status, lodged.answer)
	}
	if err := c.pay.Approve(context.Background(), consent, paula, []string{sideOne}); err == nil {
		t.Error("another account than the one named was chosen")
	}
	if err := c.pay.Approve(context.Background(), consent, paula, []string{payAccount}); err != nil {
		t.Fatal(err)
	}
	c.do(t, http.MethodGet, base+"/funds-confirmation-consents/"+consent, token, nil)
	question := m{"Data": m{"ConsentId": consent, "Reference": "r1", "InstructedAmount": money("5.00", "GBP")}}
	user := strings.Replace(userToken(consent), "payments", "fundsconfirmations", 1)
	if got := c.do(t, http.MethodPost, base+"/funds-confirmations", user, question); got.status != 201 || got.get("Data.FundsAvailable") != true {
		t.Errorf("%d %s", got.status, got.answer)
	}
	if got := c.do(t, http.MethodPost, base+"/funds-confirmations", user, question); got.status != 400 {
		t.Errorf("a reference twice: %d", got.status)
	}
	if got := c.do(t, http.MethodDelete, base+"/funds-confirmation-consents/"+consent, token, nil); got.status != 204 {
		t.Errorf("delete: %d", got.status)
	}
}

func TestPaymentJourneys(t *testing.T) {
	for version, four := range versions() {
		t.Run(version, func(t *testing.T) { walk(t, newCounter(t), version, four) })
	}
}

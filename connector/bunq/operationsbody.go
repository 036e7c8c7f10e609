package bunq

import (
	"time"

	"github.com/onepointledger/onepoint"
)

func nameField() field {
	return textField("name", "the name of who is at the IBAN, at most 70 characters", 70)
}

func amountIn(in map[string]string) wireMoney { return wireMoney{in["amount"], in["currency"]} }

// partyIn is who is named by IBAN or e-mail address.
func partyIn(in map[string]string) wireAlias {
	if onepoint.ValidIBAN(in["to"]) {
		return wireAlias{Type: "IBAN", Value: in["to"], Name: in["name"]}
	}
	return wireAlias{Type: "EMAIL", Value: in["to"], Name: in["name"]}
}

func inquiryBody(in map[string]string) any {
	return map[string]any{
		"amount_inquired": amountIn(in), "counterparty_alias": partyIn(in), "description": in["description"], "allow_bunqme": false,
	}
}

func draftBody(in map[string]string) any {
	return map[string]any{"number_of_required_accepts": 1, "entries": []map[string]any{
		{"amount": amountIn(in), "counterparty_alias": partyIn(in), "description": in["description"]},
	}}
}

func cancelBody(map[string]string) any { return map[string]string{"status": "CANCELLED"} }

func issuerBody(in map[string]string) any {
	body := map[string]any{
		"amount": amountIn(in), "counterparty_alias": partyIn(in), "description": in["description"], "url_redirect": in["redirect"],
	}
	if at, err := time.Parse(time.RFC3339, in["expires"]); err == nil { // it is optional, and was checked
		body["time_expiry"] = at.UTC().Format("2006-01-02 15:04:05.000000")
	}
	return body
}

func addressBody(in map[string]string) any {
	body := map[string]string{"ip": in["ip"]}
	if in["status"] != "" {
		body["status"] = in["status"]
	}
	return body
}

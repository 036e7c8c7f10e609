package obie

import (
	"encoding/json"
	"mime"
)

func mediaOf(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return media
}

// consentBody is OBWrite…ConsentResponse.
func (s *PaymentServer) consentBody(v payVersion, k PaymentKind, c PaymentConsent, self string) map[string]any {
	data := s.consentData(v, c)
	data["Initiation"] = c.Initiation
	if k.Permission {
		data["Permission"] = "Create"
	}
	if len(c.Authorisation) > 0 {
		data["Authorisation"] = c.Authorisation
	}
	if len(c.SCASupport) > 0 {
		data["SCASupportData"] = c.SCASupport
	}
	s.putTime(data, "CutOffDateTime", c.CutOff)
	putCharges(data, c.Charges)
	if k.Exchange {
		s.putQuote(data, c.Quote)
	}
	if c.Debtor != nil {
		data["Debtor"] = debtorBody(c.Debtor, 350)
	}
	body := s.envelope(data, self)
	if len(c.Risk) > 0 {
		body["Risk"] = c.Risk
	}
	return body
}

// consentData are the members that every consent has.
func (s *PaymentServer) consentData(v payVersion, c PaymentConsent) map[string]any {
	data := map[string]any{
		"ConsentId": c.ID, "CreationDateTime": stamp(c.Created, s.Zone), "StatusUpdateDateTime": stamp(c.Updated, s.Zone),
		"Status": consentWord(v.four, c.Kind, c.State),
	}
	put(data, "ReadRefundAccount", c.ReadRefund)
	if v.four && c.Reason != "" && c.State != Authorised {
		data["StatusReason"] = reasonBody(c.Reason)
	}
	return data
}

func reasonBody(code string) []any {
	return []any{map[string]string{"StatusReasonCode": code, "StatusReasonDescription": reasonText(code)}}
}

// orderBody is OBWrite…Response of a payment.
func (s *PaymentServer) orderBody(v payVersion, k PaymentKind, o PaymentOrder, self string) map[string]any {
	data := s.orderData(v, k.ID, o)
	if k.Exchange {
		s.putQuote(data, o.Quote)
	}
	if o.Debtor != nil {
		data["Debtor"] = debtorBody(o.Debtor, 350)
	}
	if o.Refund && o.Debtor != nil && !k.File {
		data["Refund"] = map[string]any{"Account": debtorBody(o.Debtor, 350)}
	}
	if m := o.Multi; m != nil {
		data["MultiAuthorisation"] = map[string]any{
			"Status": multiWord(v.four, m.State), "NumberRequired": m.Required, "NumberReceived": len(m.By),
			"LastUpdateDateTime": stamp(m.Updated, s.Zone), "ExpirationDateTime": stamp(m.Expires, s.Zone),
		}
	}
	return s.envelope(data, self)
}

// orderData are the members that every payment has.
func (s *PaymentServer) orderData(v payVersion, id string, o PaymentOrder) map[string]any {
	data := map[string]any{
		id: o.ID, "ConsentId": o.ConsentID, "CreationDateTime": stamp(o.Created, s.Zone), "StatusUpdateDateTime": stamp(o.Updated, s.Zone),
		"Status": orderWord(v.four, o), "Initiation": o.Initiation,
	}
	if v.four && o.Reason != "" {
		data["StatusReason"] = reasonBody(o.Reason)
	}
	putCharges(data, o.Charges)
	return data
}

func putCharges(data map[string]any, charges []Charge) {
	if len(charges) == 0 {
		return
	}
	rows := make([]any, 0, len(charges))
	for _, c := range charges {
		amount, _ := unsigned(c.Amount)
		rows = append(rows, map[string]any{"ChargeBearer": c.Bearer, "Type": c.Type, "Amount": amount})
	}
	data["Charges"] = rows
}

func (s *PaymentServer) putQuote(data map[string]any, q *Quote) {
	if q == nil {
		return
	}
	rate := map[string]any{"UnitCurrency": string(q.Unit), "ExchangeRate": json.Number(q.Rate), "RateType": q.Type}
	put(rate, "ContractIdentification", q.Contract)
	s.putTime(rate, "ExpirationDateTime", q.Expires)
	data["ExchangeRateInformation"] = rate
}

// debtorBody names an account; the name is as long as its class allows.
func debtorBody(a *AccountName, most int) map[string]any {
	w := identifierToWire(a.Identifier, a.Name)
	name := []rune(a.Name)
	body := map[string]any{"SchemeName": w.SchemeName, "Identification": w.Identification, "Name": string(name[:min(len(name), most)])}
	put(body, "SecondaryIdentification", w.Secondary)
	return body
}

package obie

import "net/http"

// fundsRoutes are the operations of the confirmation-of-funds API (CBPII). Its
// messages are not signed.
func (s *PaymentServer) fundsRoutes(v payVersion) []endpoint {
	const one = "/funds-confirmation-consents/{consent}"
	consent, question := fundsConsentShape(v.four), fundsShape()
	all := []endpoint{
		{method: http.MethodPost, path: "/funds-confirmation-consents", body: &consent, do: s.lodgeFunds},
		{method: http.MethodGet, path: one, do: s.readFundsConsent},
		{method: http.MethodDelete, path: one, do: func(x *exchange) (reply, error) { return s.deleteConsent(x, FundsConfirmation) }},
		{method: http.MethodPost, path: "/funds-confirmations", user: true, body: &question, do: s.confirmFunds},
	}
	for i := range all {
		all[i].scope = "fundsconfirmations"
	}
	return all
}

func (s *PaymentServer) lodgeFunds(x *exchange) (reply, error) {
	data := dig(x.doc, "Data")
	c, err := s.Bank.LodgePayment(x.Context(), x.tpp, PaymentConsent{
		Kind: FundsConfirmation, Version: x.version.name, Initiation: encode(dig(data, "DebtorAccount")), Expires: timeAt(data, "ExpirationDateTime"),
		Instruction: Instruction{Debtor: identifierAt(dig(data, "DebtorAccount"))},
	}, Idempotency{})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: s.fundsConsentBody(x.version, c, x.self+"/"+c.ID)}, nil
}

func (s *PaymentServer) fundsConsentBody(v payVersion, c PaymentConsent, self string) map[string]any {
	data := s.consentData(v, c)
	data["DebtorAccount"] = c.Initiation
	s.putTime(data, "ExpirationDateTime", c.Expires)
	return s.envelope(data, self)
}

func (s *PaymentServer) readFundsConsent(x *exchange) (reply, error) {
	c, err := s.consentOf(x, FundsConfirmation, x.PathValue("consent"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: s.fundsConsentBody(x.version, c, x.self)}, nil
}

func (s *PaymentServer) confirmFunds(x *exchange) (reply, error) {
	data := dig(x.doc, "Data")
	id := textAt(data, "ConsentId")
	if _, err := s.consentOf(x, FundsConfirmation, id); err != nil {
		return reply{}, err
	}
	if err := x.ownConsent(id, "Data.ConsentId"); err != nil {
		return reply{}, err
	}
	amount, err := moneyAt(data, "Data.InstructedAmount", "InstructedAmount")
	if err != nil {
		return reply{}, err
	}
	reference := textAt(data, "Reference")
	ok, when, err := s.Bank.FundsFor(x.Context(), x.tpp, FundsQuestion{Kind: FundsConfirmation, ConsentID: id, Amount: amount, Reference: reference})
	if err != nil {
		return reply{}, err
	}
	answer := s.NewID("fnd")
	return reply{status: http.StatusCreated, body: s.envelope(map[string]any{
		"FundsConfirmationId": answer, "ConsentId": id, "CreationDateTime": stamp(when, s.Zone), "FundsAvailable": ok,
		"Reference": reference, "InstructedAmount": dig(data, "InstructedAmount"),
	}, x.self+"/"+answer)}, nil
}

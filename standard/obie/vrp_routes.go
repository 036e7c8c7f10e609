package obie

import (
	"net/http"
)

// vrpRoutes are the operations of the variable recurring payments API; PUT and
// PATCH of a consent came with v4.0.
func (s *PaymentServer) vrpRoutes(v payVersion) []endpoint {
	const consents, one = "/domestic-vrp-consents", "/domestic-vrp-consents/{consent}"
	consent, payment, funds := vrpConsentShape(v.four), vrpPaymentShape(v.four), vrpFundsShape()
	all := []endpoint{
		{method: http.MethodPost, path: consents, once: true, body: &consent, do: s.lodgeVRP},
		{method: http.MethodGet, path: one, do: s.readVRPConsent},
		{method: http.MethodDelete, path: one, do: func(x *exchange) (reply, error) { return s.deleteConsent(x, DomesticVRP) }},
		{method: http.MethodPost, path: one + "/funds-confirmation", user: true, body: &funds, do: s.vrpFunds},
		{method: http.MethodPost, path: "/domestic-vrps", user: true, once: true, body: &payment, do: s.submitVRP},
		{method: http.MethodGet, path: "/domestic-vrps/{payment}", do: s.readVRP},
		{method: http.MethodGet, path: "/domestic-vrps/{payment}/payment-details", do: func(x *exchange) (reply, error) { return s.paymentDetails(x, DomesticVRP) }},
	}
	if v.four {
		all = append(all,
			endpoint{method: http.MethodPut, path: one, once: true, body: &consent, do: s.putVRPConsent},
			endpoint{method: http.MethodPatch, path: one, once: true, media: []string{"application/json-patch+json"}, do: s.patchVRPConsent})
	}
	for i := range all {
		all[i].scope, all[i].signed = "payments", true
	}
	return all
}

// vrpConsent reads the body of a VRP consent.
func vrpConsent(v payVersion, doc any) (PaymentConsent, error) {
	data := dig(doc, "Data")
	c := PaymentConsent{
		Kind: DomesticVRP, Version: v.name, Initiation: encode(dig(data, "Initiation")), Risk: encode(dig(doc, "Risk")),
		Control: encode(dig(data, "ControlParameters")), ReadRefund: textAt(data, "ReadRefundAccount"),
	}
	in := dig(data, "Initiation")
	c.Instruction = Instruction{Creditor: creditorOf(in), Debtor: identifierAt(dig(in, "DebtorAccount"))}
	c.Instruction.Information, c.Instruction.Reference = remittanceOf(in)
	var err error
	c.Limits, err = limitsOf(dig(data, "ControlParameters"))
	return c, err
}

func (s *PaymentServer) vrpConsentBody(v payVersion, c PaymentConsent, self string) map[string]any {
	data := s.consentData(v, c)
	data["Initiation"], data["ControlParameters"] = c.Initiation, c.Control
	if c.Debtor != nil {
		data["DebtorAccount"] = debtorBody(c.Debtor, vrpName(v))
	}
	body := s.envelope(data, self)
	body["Risk"] = c.Risk
	return body
}

// vrpName is how long a name may be in the version's VRP API.
func vrpName(v payVersion) int {
	if v.four {
		return 70
	}
	return 350
}

func (s *PaymentServer) lodgeVRP(x *exchange) (reply, error) {
	c, err := vrpConsent(x.version, x.doc)
	if err != nil {
		return reply{}, err
	}
	if c, err = s.Bank.LodgePayment(x.Context(), x.tpp, c, x.key); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: s.vrpConsentBody(x.version, c, x.self+"/"+c.ID)}, nil
}

func (s *PaymentServer) readVRPConsent(x *exchange) (reply, error) {
	c, err := s.consentOf(x, DomesticVRP, x.PathValue("consent"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: s.vrpConsentBody(x.version, c, x.self)}, nil
}

func (s *PaymentServer) deleteConsent(x *exchange, kind string) (reply, error) {
	if _, err := s.consentOf(x, kind, x.PathValue("consent")); err != nil {
		return reply{}, err
	}
	if err := s.Bank.DeletePaymentConsent(x.Context(), x.tpp, kind, x.PathValue("consent")); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, nil
}

func (s *PaymentServer) vrpFunds(x *exchange) (reply, error) {
	data := dig(x.doc, "Data")
	id := textAt(data, "ConsentId")
	if id != x.PathValue("consent") {
		return reply{}, breach(CodeConsentMismatch, "Data.ConsentId", "the address names another consent")
	}
	if _, err := s.consentOf(x, DomesticVRP, id); err != nil {
		return reply{}, err
	}
	if err := x.ownConsent(id, "Data.ConsentId"); err != nil {
		return reply{}, err
	}
	amount, err := moneyAt(data, "Data.InstructedAmount", "InstructedAmount")
	if err != nil {
		return reply{}, err
	}
	ok, when, err := s.Bank.FundsFor(x.Context(), x.tpp, FundsQuestion{Kind: DomesticVRP, ConsentID: id, Amount: amount})
	if err != nil {
		return reply{}, err
	}
	word := "NotAvailable"
	if ok {
		word = "Available"
	}
	answer := map[string]any{
		"FundsConfirmationId": s.NewID("fnd"), "ConsentId": id, "CreationDateTime": stamp(when, s.Zone), "InstructedAmount": dig(data, "InstructedAmount"),
		"FundsAvailableResult": map[string]any{"FundsAvailableDateTime": stamp(when, s.Zone), "FundsAvailable": word},
	}
	put(answer, "Reference", textAt(data, "Reference"))
	return reply{status: http.StatusCreated, body: map[string]any{"Data": answer}}, nil
}

func (s *PaymentServer) submitVRP(x *exchange) (reply, error) {
	data := dig(x.doc, "Data")
	id := textAt(data, "ConsentId")
	if _, err := s.consentOf(x, DomesticVRP, id); err != nil {
		return reply{}, err
	}
	if err := x.ownConsent(id, "Data.ConsentId"); err != nil {
		return reply{}, err
	}
	i, err := vrpInstruction(dig(data, "Initiation"), dig(data, "Instruction"))
	if err != nil {
		return reply{}, err
	}
	o, err := s.Bank.Submit(x.Context(), x.tpp, PaymentSubmission{
		Kind: DomesticVRP, ConsentID: id, Version: x.version.name, Initiation: encode(dig(data, "Initiation")), Risk: encode(dig(x.doc, "Risk")),
		Detail: encode(dig(data, "Instruction")), Instruction: i, VRPType: textAt(data, "VRPType"), Method: textAt(data, "PSUAuthenticationMethod"),
		Interaction: textAt(data, "PSUInteractionType"), Idempotency: x.key,
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: s.vrpBody(x.version, o, x.self+"/"+o.ID)}, nil
}

func (s *PaymentServer) vrpBody(v payVersion, o PaymentOrder, self string) map[string]any {
	data := s.orderData(v, "DomesticVRPId", o)
	data["Instruction"] = o.Detail
	if o.Debtor != nil {
		data["DebtorAccount"] = debtorBody(o.Debtor, vrpName(v))
		if o.Refund {
			data["Refund"] = debtorBody(o.Debtor, vrpName(v))
		}
	}
	if !v.four && o.Reason != "" {
		data["StatusReason"], data["StatusReasonDescription"] = "UK.OBIE.OtherReason", reasonText(o.Reason)
	}
	body := s.envelope(data, self)
	body["Risk"] = o.Risk
	return body
}

func (s *PaymentServer) readVRP(x *exchange) (reply, error) {
	o, err := s.orderOf(x, DomesticVRP)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: s.vrpBody(x.version, o, x.self)}, nil
}

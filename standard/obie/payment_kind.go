package obie

// PaymentKind is one of the seven kinds of payment of the payment-initiation
// API, the variable recurring payment, or, though nothing is paid there, the
// confirmation of funds of the CBPII API. What differs between them is here; one
// engine serves them all.
type PaymentKind struct {
	Name          string // "domestic-payment": the stem of the paths
	ID            string // the member that names the resource: "DomesticPaymentId"
	PathID        string // as the specification's path spells it, where that differs
	Scheduled     bool   // holds RequestedExecutionDateTime
	Recurring     bool   // a standing order
	International bool
	File          bool
	Permission    bool // the consent holds Permission: Create
	Funds         bool // the consent has a funds-confirmation
	Exchange      bool // holds ExchangeRateInformation
}

// The names of the kinds.
const (
	DomesticPayment            = "domestic-payment"
	DomesticScheduledPayment   = "domestic-scheduled-payment"
	DomesticStandingOrder      = "domestic-standing-order"
	InternationalPayment       = "international-payment"
	InternationalScheduled     = "international-scheduled-payment"
	InternationalStandingOrder = "international-standing-order"
	FilePayment                = "file-payment"
	DomesticVRP                = "domestic-vrp"
	FundsConfirmation          = "funds-confirmation"
)

// PaymentKinds are the seven kinds of the payment-initiation API.
func PaymentKinds() []PaymentKind {
	return []PaymentKind{
		{Name: DomesticPayment, ID: "DomesticPaymentId", Funds: true},
		{Name: DomesticScheduledPayment, ID: "DomesticScheduledPaymentId", Scheduled: true, Permission: true},
		{Name: DomesticStandingOrder, ID: "DomesticStandingOrderId", Recurring: true, Permission: true},
		{Name: InternationalPayment, ID: "InternationalPaymentId", International: true, Funds: true, Exchange: true},
		{Name: InternationalScheduled, ID: "InternationalScheduledPaymentId", International: true, Scheduled: true, Permission: true, Funds: true, Exchange: true},
		{Name: InternationalStandingOrder, ID: "InternationalStandingOrderId", PathID: "InternationalStandingOrderPaymentId", International: true, Recurring: true, Permission: true},
		{Name: FilePayment, ID: "FilePaymentId", File: true},
	}
}

// kindOf finds a kind by name; false for a name that is none of the seven.
func kindOf(name string) (PaymentKind, bool) {
	for _, k := range PaymentKinds() {
		if k.Name == name {
			return k, true
		}
	}
	return PaymentKind{}, false
}

// initiationShape is the class OBWrite…/Data/Initiation of a kind.
func (k PaymentKind) initiationShape(four bool) shape {
	switch {
	case k.File:
		return fileInitiation(four)
	case k.Recurring:
		return k.orderInitiation(four)
	}
	fields := []field{
		must("InstructionIdentification", text(1, 35)),
		{"EndToEndIdentification", !k.Scheduled, text(1, 35)},
		may("LocalInstrument", instrumentShape()),
		must("InstructedAmount", amountShape()), may("DebtorAccount", accountShape(four, false, 350)), must("CreditorAccount", accountShape(four, true, 350)),
		may("RemittanceInformation", remittanceShape(four)), may("SupplementaryData", free()),
	}
	if k.Scheduled {
		fields = append(fields, must("RequestedExecutionDateTime", dateTime()))
	}
	if k.International {
		fields = append(fields, crossBorder(four, 140)...)
		fields = append(fields, may("InstructionPriority", oneOf("Normal", "Urgent")), may("ExchangeRateInformation", object(
			must("UnitCurrency", currencyShape()), may("ExchangeRate", number()), must("RateType", oneOf("Actual", "Agreed", "Indicative")),
			may("ContractIdentification", text(1, 256)))))
	} else {
		fields = append(fields, may("CreditorPostalAddress", addressShape(four)))
		if four && !k.Scheduled {
			fields = append(fields, may("CreditorAgent", agentShape(true)))
		}
	}
	return object(append(fields, parties(four)...)...)
}

// parties are the fields that v4.0 added to every order.
func parties(four bool) []field {
	if !four {
		return nil
	}
	return []field{may("UltimateCreditor", ultimateShape()), may("UltimateDebtor", ultimateShape()), may("RegulatoryReporting", regulatoryShape())}
}

// crossBorder are the fields that international orders have in common; name is
// how long the creditor's may be in v3.1.11.
func crossBorder(four bool, name int) []field {
	if four {
		name = 350
	}
	creditor := []field{may("Name", text(1, name)), may("PostalAddress", addressShape(four))}
	fields := []field{
		may("ExtendedPurpose", text(1, 140)), may("ChargeBearer", oneOf("BorneByCreditor", "BorneByDebtor", "FollowingServiceLevel", "Shared")),
		must("CurrencyOfTransfer", currencyShape()), may("DestinationCountryCode", countryShape()), may("CreditorAgent", agentShape(four)),
	}
	if four {
		creditor = append(creditor, may("LEI", leiShape()))
	} else {
		fields = append(fields, may("Purpose", text(1, 4)))
	}
	return append(fields, may("Creditor", object(creditor...)))
}

// frequencyPattern is Frequency_1 of v3.1.11, which v4.0 still takes.
const frequencyPattern = `^(EvryDay|EvryWorkgDay|IntrvlDay:(0[2-9]|[12][0-9]|3[01])|IntrvlWkDay:0[1-9]:0[1-7]|WkInMnthDay:0[1-5]:0[1-7]|` +
	`IntrvlMnthDay:(0[1-6]|12|24):(-0[1-5]|0[1-9]|[12][0-9]|3[01])|QtrDay:(ENGLISH|SCOTTISH|RECEIVED))$`

func (k PaymentKind) orderInitiation(four bool) shape {
	fields := []field{
		may("NumberOfPayments", like(`^[0-9]{1,6}$`)), may("DebtorAccount", accountShape(four, false, 350)),
		must("CreditorAccount", accountShape(four, true, 350)), may("SupplementaryData", free()),
	}
	if k.International {
		fields = append(append(fields, crossBorder(four, 350)...), must("InstructedAmount", amountShape()))
	} else {
		fields = append(fields, must("FirstPaymentAmount", amountShape()), may("RecurringPaymentAmount", amountShape()), may("FinalPaymentAmount", amountShape()))
	}
	if !four {
		fields = append(fields, must("Frequency", likeOr(frequencyPattern, CodeUnsupportedFrequency)), may("Reference", text(1, 35)),
			must("FirstPaymentDateTime", dateTime()), may("FinalPaymentDateTime", dateTime()))
		if !k.International {
			fields = append(fields, may("RecurringPaymentDateTime", dateTime()))
		}
		return object(fields...)
	}
	mandate := object(
		may("MandateIdentification", text(1, 35)), may("Classification", oneOf("FIXE", "USGB", "VARI")), may("CategoryPurposeCode", like(`^[A-Z0-9]{4}$`)),
		may("FirstPaymentDateTime", dateTime()), may("RecurringPaymentDateTime", dateTime()), may("FinalPaymentDateTime", dateTime()),
		must("Frequency", object(
			must("Type", either(likeOr(frequencyPattern, CodeUnsupportedFrequency), oneOfOr(CodeUnsupportedFrequency,
				"ADHO", "YEAR", "DAIL", "FRTN", "INDA", "MNTH", "QURT", "MIAN", "WEEK", "WODL", "FOWK", "TWMH", "FOMH", "FIMH", "ALMH", "NONE"))),
			may("CountPerPeriod", whole()), may("PointInTime", like(`^[0-9]{1,2}$`)))),
		may("Reason", text(1, 256)))
	fields = append(fields, must("MandateRelatedInformation", mandate), may("RemittanceInformation", remittanceShape(true)))
	return object(append(fields, parties(true)...)...)
}

func fileInitiation(four bool) shape {
	version := "3.1"
	if four {
		version = "4.0"
	}
	fields := []field{
		must("FileType", oneOf("UK.OBIE.PaymentInitiation."+version, "UK.OBIE.pain.001.001.08")), must("FileHash", text(1, 44)),
		may("FileReference", text(1, 40)), may("NumberOfTransactions", like(`^[0-9]{1,15}$`)), may("ControlSum", number()),
		may("RequestedExecutionDateTime", dateTime()), may("LocalInstrument", instrumentShape()), may("DebtorAccount", accountShape(four, false, 350)),
		may("RemittanceInformation", remittanceShape(four)), may("SupplementaryData", free()),
	}
	if four {
		fields = append(fields, may("CreditorAgent", agentShape(true)), may("UltimateDebtor", ultimateShape()))
	}
	return object(fields...)
}

// consentShape is the body of POST …-consents, paymentShape of POST …s.
func (k PaymentKind) consentShape(four bool) shape {
	data := []field{must("Initiation", k.initiationShape(four)), may("Authorisation", authorisationShape()), may("SCASupportData", scaShape())}
	if k.Permission {
		data = append(data, must("Permission", oneOf("Create")))
	}
	if k.File {
		return object(must("Data", object(data...)))
	}
	data = append(data, may("ReadRefundAccount", oneOf("Yes", "No")))
	return object(must("Data", object(data...)), must("Risk", riskShape(four)))
}

func (k PaymentKind) paymentShape(four bool) shape {
	data := must("Data", object(must("ConsentId", text(1, 128)), must("Initiation", k.initiationShape(four))))
	if k.File {
		return object(data)
	}
	return object(data, must("Risk", riskShape(four)))
}

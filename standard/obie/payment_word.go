package obie

import "time"

// The words of the two versions for what the bank says in the words of v4.0.

// consentWord is the Status of a consent. Version 3.1.11 does not tell of a
// consent's expiry, nor of the bank's or the user's withdrawing one of a VRP.
func consentWord(four bool, kind string, s ConsentState) string {
	if four {
		return string(s)
	}
	switch s {
	case AwaitingUpload:
		return "AwaitingUpload"
	case AwaitingAuthorisation:
		return "AwaitingAuthorisation"
	case ConsentRejected:
		return "Rejected"
	case Consumed:
		return "Consumed"
	case Cancelled:
		if kind == FundsConfirmation {
			return "Revoked"
		}
	}
	return "Authorised"
}

// orderWord is the Status of a payment. In version 3.1.11 the initiation of a
// scheduled payment stays completed, whatever becomes of its execution.
func orderWord(four bool, o PaymentOrder) string {
	s := o.State
	if four {
		return string(s)
	}
	switch o.Kind {
	case DomesticPayment, InternationalPayment, DomesticVRP:
		return executionWord(false, s)
	}
	if s == OrderRejected && len(o.Executions) > 0 {
		return "InitiationCompleted"
	}
	switch s {
	case Received, Pending, AwaitingFurther:
		return "InitiationPending"
	case OrderRejected, InitiationFailed:
		return "InitiationFailed"
	case OrderCancelled:
		return "Cancelled"
	}
	return "InitiationCompleted"
}

// executionWord is the Status of one movement.
func executionWord(four bool, s OrderState) string {
	switch {
	case four && s == Received:
		return string(Pending)
	case four:
		return string(s)
	case s == SettlementCompleted:
		return "AcceptedSettlementCompleted"
	case s == OrderRejected:
		return "Rejected"
	}
	return "Pending"
}

func multiWord(four bool, s string) string {
	if four {
		return s
	}
	return map[string]string{"AWAF": "AwaitingFurtherAuthorisation", "AUTH": "Authorised", "RJCT": "Rejected"}[s]
}

// reasonText says what an ISO 20022 reason code means.
func reasonText(code string) string {
	switch code {
	case "AM04":
		return "The account does not hold enough money"
	case "AC04":
		return "An account cannot be used for this payment"
	case "DT06":
		return "The payment was not authorised by everybody in time"
	case "DS02":
		return "A person who must authorise the payment refused"
	case "CUST":
		return "The customer decided so"
	}
	return "The bank gives no reason"
}

func stamp(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.RFC3339Nano) }

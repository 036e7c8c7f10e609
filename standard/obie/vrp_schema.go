package obie

// vrpInitiation is OBDomesticVRPInitiation.
func vrpInitiation(four bool) shape {
	name := 350
	if four {
		name = 70
	}
	fields := []field{
		may("DebtorAccount", accountShape(four, true, name)), may("CreditorAccount", accountShape(four, true, name)),
		may("CreditorPostalAddress", addressShape(four)), may("RemittanceInformation", remittanceShape(four)),
	}
	return object(append(fields, parties(four)...)...)
}

// controlShape is OBDomesticVRPControlParameters.
func controlShape() shape {
	return object(
		may("ValidFromDateTime", dateTime()), may("ValidToDateTime", dateTime()), must("MaximumIndividualAmount", amountShape()),
		must("PeriodicLimits", list(object(
			must("PeriodType", oneOf("Day", "Week", "Fortnight", "Month", "Half-year", "Year")), must("PeriodAlignment", oneOf("Consent", "Calendar")),
			must("Amount", like(`^\d{1,13}$|^\d{1,13}\.\d{1,5}$`)), must("Currency", currencyShape())), 1, 12)),
		must("VRPType", list(vrpTypeShape(), 1, 4)), must("PSUAuthenticationMethods", list(methodShape(), 1, 4)),
		may("PSUInteractionTypes", list(interactionShape(), 0, 2)), may("SupplementaryData", free()))
}

func vrpTypeShape() shape {
	return oneOf("UK.OBIE.VRPType.Sweeping", "UK.OBIE.VRPType.Other")
}

func methodShape() shape { return oneOf("UK.OBIE.SCA", "UK.OBIE.SCANotRequired") }

func interactionShape() shape { return oneOf("InSession", "OffSession") }

// vrpConsentShape is the body of POST and PUT domestic-vrp-consents.
func vrpConsentShape(four bool) shape {
	return object(
		must("Data", object(
			may("ReadRefundAccount", oneOf("Yes", "No")), must("ControlParameters", controlShape()), must("Initiation", vrpInitiation(four)))),
		must("Risk", riskShape(four)))
}

// vrpPaymentShape is the body of POST domestic-vrps.
func vrpPaymentShape(four bool) shape {
	name := 350
	if four {
		name = 70
	}
	instruction := []field{
		must("InstructionIdentification", text(1, 35)), must("EndToEndIdentification", text(1, 35)), may("RemittanceInformation", remittanceShape(four)),
		may("LocalInstrument", instrumentShape()), must("InstructedAmount", amountShape()), may("CreditorPostalAddress", addressShape(four)),
		must("CreditorAccount", accountShape(four, true, name)), may("SupplementaryData", free()),
	}
	if four {
		instruction = append(instruction, may("UltimateCreditor", ultimateShape()))
	}
	return object(
		must("Data", object(
			must("ConsentId", text(1, 128)), must("PSUAuthenticationMethod", methodShape()), may("PSUInteractionType", interactionShape()),
			must("VRPType", vrpTypeShape()), must("Initiation", vrpInitiation(four)), must("Instruction", object(instruction...)))),
		must("Risk", riskShape(four)))
}

// vrpFundsShape is the body of POST domestic-vrp-consents/{id}/funds-confirmation.
func vrpFundsShape() shape {
	return object(must("Data", object(must("ConsentId", text(1, 128)), may("Reference", text(1, 35)), must("InstructedAmount", amountShape()))))
}

// fundsConsentShape is the body of POST funds-confirmation-consents (CBPII).
func fundsConsentShape(four bool) shape {
	return object(must("Data", object(may("ExpirationDateTime", dateTime()), must("DebtorAccount", accountShape(four, false, 350)))))
}

// fundsShape is the body of POST funds-confirmations (CBPII).
func fundsShape() shape {
	return object(must("Data", object(must("ConsentId", text(1, 128)), must("Reference", text(1, 35)), must("InstructedAmount", amountShape()))))
}

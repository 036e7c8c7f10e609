package obie

// The tables of the payment resources, one function a class, as the data
// dictionaries of Read/Write API 3.1.11 and 4.0 give them. four says which.

func amountShape() shape {
	return object(must("Amount", like(`^\d{1,13}$|^\d{1,13}\.\d{1,5}$`)), must("Currency", currencyShape()))
}

func currencyShape() shape { return like(`^[A-Z]{3}$`) }

func countryShape() shape { return like(`^[A-Z]{2}$`) }

func leiShape() shape { return like(`^[0-9]{4}00[A-Z0-9]{12}[0-9]{2}$`) }

func schemeShape() shape {
	return oneOfOr(CodeUnsupportedScheme, "UK.OBIE.BBAN", "UK.OBIE.IBAN", "UK.OBIE.PAN", "UK.OBIE.Paym", "UK.OBIE.SortCodeAccountNumber", "UK.OBIE.Wallet")
}

func instrumentShape() shape {
	return oneOfOr(CodeLocalInstrument, "UK.OBIE.BACS", "UK.OBIE.BalanceTransfer", "UK.OBIE.CHAPS", "UK.OBIE.Euro1", "UK.OBIE.FPS", "UK.OBIE.Link",
		"UK.OBIE.MoneyTransfer", "UK.OBIE.Paym", "UK.OBIE.SEPACreditTransfer", "UK.OBIE.SEPAInstantCreditTransfer", "UK.OBIE.SWIFT", "UK.OBIE.Target2")
}

// accountShape is OBCashAccountDebtor4 and OBCashAccountCreditor3, with the
// proxy of v4.0.
func accountShape(four, named bool, name int) shape {
	fields := []field{
		must("SchemeName", schemeShape()), must("Identification", text(1, 256)),
		{"Name", named, text(1, name)},
		may("SecondaryIdentification", text(1, 34)),
	}
	if four {
		fields = append(fields, may("Proxy", object(
			must("Identification", text(1, 2048)),
			must("Code", oneOf("TELE", "EMAL", "DNAM", "CINC", "COTX", "COID", "CUST", "DRLC", "EIDN", "EWAL", "PVTX", "LEIC", "MBNO",
				"NIDN", "CCPT", "SHID", "SOSE", "TOKN", "UBIL", "VIPN", "BIID")),
			may("Type", text(1, 35)))))
	}
	return object(fields...)
}

// addressShape is OBPostalAddress6 of v3.1.11 and OBPostalAddress7 of v4.0.
func addressShape(four bool) shape {
	line := may("AddressLine", list(text(1, 70), 0, 7))
	if !four {
		return object(
			may("AddressType", oneOf("Business", "Correspondence", "DeliveryTo", "MailTo", "POBox", "Postal", "Residential", "Statement")),
			may("Department", text(1, 70)), may("SubDepartment", text(1, 70)), may("StreetName", text(1, 70)), may("BuildingNumber", text(1, 16)),
			may("PostCode", text(1, 16)), may("TownName", text(1, 35)), may("CountrySubDivision", text(1, 35)), may("Country", countryShape()), line)
	}
	return object(
		may("AddressType", oneOf("BIZZ", "DLVY", "MLTO", "PBOX", "ADDR", "HOME", "CORR", "STAT")),
		may("Department", text(1, 70)), may("SubDepartment", text(1, 70)), may("StreetName", text(1, 140)), may("BuildingNumber", text(1, 16)),
		may("BuildingName", text(1, 140)), may("Floor", text(1, 70)), may("UnitNumber", text(1, 16)), may("Room", text(1, 70)),
		may("PostBox", text(1, 16)), may("TownLocationName", text(1, 140)), may("DistrictName", text(1, 140)), may("CareOf", text(1, 140)),
		may("PostCode", text(1, 16)), may("TownName", text(1, 140)), may("CountrySubDivision", text(1, 35)), may("Country", countryShape()), line)
}

func agentShape(four bool) shape {
	fields := []field{
		may("SchemeName", oneOfOr(CodeUnsupportedScheme, agentScheme)), may("Identification", text(1, 35)), may("Name", text(1, 140)),
		may("PostalAddress", addressShape(four)),
	}
	if four {
		fields = append(fields, may("LEI", leiShape()))
	}
	return object(fields...)
}

// ultimateShape is OBUltimateCreditor1 and OBUltimateDebtor1 (v4.0).
func ultimateShape() shape {
	return object(may("Name", text(1, 140)), may("Identification", text(1, 256)), may("LEI", leiShape()), may("SchemeName", schemeShape()),
		may("PostalAddress", addressShape(true)))
}

// regulatoryShape is OBRegulatoryReporting1 (v4.0).
func regulatoryShape() shape {
	detail := object(may("Type", text(1, 35)), may("Date", dateTime()), may("Country", countryShape()), may("Amount", amountShape()),
		may("Information", list(text(1, 35), 0, 0)))
	return list(object(
		may("DebitCreditReportingIndicator", oneOf("CRED", "DEBT", "BOTH")),
		may("Authority", object(may("Name", text(1, 140)), may("CountryCode", countryShape()))),
		may("Details", list(detail, 0, 0))), 0, 10)
}

// remittanceShape is OBRemittanceInformation1 of v3.1.11 and 2 of v4.0.
func remittanceShape(four bool) shape {
	if !four {
		return object(may("Unstructured", text(1, 140)), may("Reference", text(1, 35)))
	}
	document := object(
		may("Code", oneOf("CINV", "CNFA", "CONT", "CREN", "DEBN", "DISP", "DNFA", "HIRI", "INVS", "MSIN", "PROF", "PUOR", "QUOT", "SBIN", "SPRR",
			"TISH", "USAR", "AROI", "BOLD", "CMCN", "SOAC", "TSUT", "VCHR")),
		may("Issuer", text(1, 35)), may("Number", text(1, 35)), may("RelatedDate", dateTime()), may("LineDetails", list(either(free(), text(0, 140)), 0, 0)))
	return object(
		may("Structured", list(object(
			may("ReferredDocumentInformation", list(document, 0, 0)), may("ReferredDocumentAmount", whole()),
			may("CreditorReferenceInformation", object(
				may("Code", oneOf("DISP", "FXDR", "PUOR", "RPIN", "RADM", "SCOR")), may("Issuer", text(1, 35)), may("Reference", text(1, 35)))),
			may("Invoicer", text(1, 256)), may("Invoicee", text(1, 256)), may("TaxRemittance", text(1, 140)),
			may("AdditionalRemittanceInformation", list(text(1, 140), 0, 3))), 0, 0)),
		may("Unstructured", list(text(1, 140), 0, 0)))
}

// riskShape is OBRisk1. The misspelt name is v3.1.11's own.
func riskShape(four bool) shape {
	common := []field{
		may("MerchantCategoryCode", text(3, 4)), may("MerchantCustomerIdentification", text(1, 70)), may("BeneficiaryPrepopulatedIndicator", flag()),
		may("BeneficiaryAccountType", oneOf("Business", "BusinessSavingsAccount", "Charity", "Collection", "Corporate", "Ewallet", "Government",
			"Investment", "ISA", "JointPersonal", "Pension", "Personal", "PersonalSavingsAccount", "Premier", "Wealth")),
	}
	contexts := []string{
		"BillingGoodsAndServicesInAdvance", "BillingGoodsAndServicesInArrears", "EcommerceMerchantInitiatedPayment",
		"FaceToFacePointOfSale", "TransferToSelf", "TransferToThirdParty",
	}
	if four {
		return object(append(common,
			may("PaymentContextCode", oneOf(contexts...)), may("ContractPresentIndicator", flag()), may("PaymentPurposeCode", like(`^[A-Z0-9]{4}$`)),
			may("CategoryPurposeCode", like(`^[A-Z0-9]{4}$`)), may("DeliveryAddress", addressShape(true)))...)
	}
	contexts = append(contexts, "PispPayee", "BillPayment", "EcommerceGoods", "EcommerceServices", "Other", "PartyToParty")
	return object(append(common,
		may("PaymentContextCode", oneOf(contexts...)), may("ContractPresentInidicator", flag()), may("PaymentPurposeCode", text(3, 4)),
		may("DeliveryAddress", object(
			may("AddressLine", list(text(1, 70), 0, 2)), may("StreetName", text(1, 70)), may("BuildingNumber", text(1, 16)), may("PostCode", text(1, 16)),
			must("TownName", text(1, 35)), may("CountrySubDivision", text(1, 35)), must("Country", countryShape()))))...)
}

func authorisationShape() shape {
	return object(must("AuthorisationType", oneOf("Any", "Single")), may("CompletionDateTime", dateTime()))
}

func scaShape() shape {
	return object(
		may("RequestedSCAExemptionType", oneOf("BillPayment", "ContactlessTravel", "EcommerceGoods", "EcommerceServices", "Kiosk", "Parking", "PartyToParty")),
		may("AppliedAuthenticationApproach", oneOf("CA", "SCA")), may("ReferencePaymentOrderId", text(1, 40)))
}

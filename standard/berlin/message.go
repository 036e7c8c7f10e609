package berlin

import "github.com/onepointledger/onepoint"

// message is what the user reads of a bank's refusal. What the bank itself says
// is shown where only the developer of the platform can mend it.
func message(c onepoint.Code, r *Refusal) string {
	switch c {
	case onepoint.CodeConsentExpired, onepoint.CodeConsentInvalid:
		return "the bank's permission has ended; connect the bank again"
	case onepoint.CodeForbidden:
		return "the bank says that this was not shared"
	case onepoint.CodeTokenInvalid:
		return "the bank does not accept the access"
	case onepoint.CodeRateLimited:
		return "the bank asks to wait"
	case onepoint.CodeUnavailable:
		return "the bank has trouble of its own; it will be tried again"
	case onepoint.CodeNotFound:
		return "the bank knows no such thing"
	case onepoint.CodeInvalid, onepoint.CodeCertificateInvalid, onepoint.CodeSignatureInvalid, onepoint.CodeConflict:
		return "the bank refused: " + r.words()
	}
	return "the bank answered in an unexpected way"
}

func (r *Refusal) words() string {
	switch {
	case r.Code != "" && r.Text != "":
		return r.Code + " (" + r.Text + ")"
	case r.Code != "":
		return r.Code
	case r.Text != "":
		return r.Text
	}
	return "it gives no reason"
}

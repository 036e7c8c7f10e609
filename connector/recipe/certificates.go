package recipe

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

const certificatesHelp = "Banks accept a QWAC (for TLS) and a QSEAL (for signatures) that are valid today and carry the PSD2 role of account information, PSP_AI."

// checkTransport looks at the QWAC as the bank will, before it does.
func checkTransport(cert *x509.Certificate, now time.Time) (eidas.Certificate, error) {
	if cert == nil {
		return eidas.Certificate{}, refuse("a QWAC is needed; import or issue one first")
	}
	return checkCertificate("QWAC", cert, eidas.TypeWeb, now)
}

// checkSeal looks at the QSEAL likewise.
func checkSeal(chain []*x509.Certificate, now time.Time) error {
	if len(chain) == 0 {
		return refuse("a QSEAL is needed; import or issue one first")
	}
	_, err := checkCertificate("QSEAL", chain[0], eidas.TypeSeal, now)
	return err
}

func checkCertificate(name string, cert *x509.Certificate, want eidas.QCType, now time.Time) (eidas.Certificate, error) {
	parsed, err := eidas.Parse(cert)
	if err != nil {
		return parsed, onepoint.E(onepoint.CodeCertificateInvalid, "check certificates", "the "+name+" is no eIDAS certificate", err)
	}
	switch {
	case !parsed.Is(want):
		return parsed, refuse("the %s is a certificate of another kind", name)
	case now.Before(cert.NotBefore) || now.After(cert.NotAfter):
		return parsed, refuse("the %s is not valid today; renew it", name)
	case !parsed.Has(eidas.RoleAI):
		return parsed, refuse("the %s lacks the role PSP_AI, without which no bank shares accounts", name)
	}
	return parsed, nil
}

func refuse(format string, args ...any) error {
	return onepoint.E(onepoint.CodeCertificateInvalid, "check certificates", fmt.Sprintf(format, args...), nil)
}

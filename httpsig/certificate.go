package httpsig

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/onepointledger/onepoint"
)

// CertificateForm is how a certificate is written into one header line.
type CertificateForm int

// The forms.
const (
	CertificateDER     CertificateForm = iota // base64 of the DER: the standard's
	CertificatePEMLine                        // the PEM with its armour on one line
	CertificatePEM                            // base64 of the whole PEM text
)

const maxCertificate = 32 << 10

// EncodeCertificate writes a certificate into one line.
func EncodeCertificate(cert *x509.Certificate, form CertificateForm) string {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	switch form {
	case CertificatePEMLine:
		return strings.ReplaceAll(string(text), "\n", "")
	case CertificatePEM:
		return base64.StdEncoding.EncodeToString(text)
	}
	return base64.StdEncoding.EncodeToString(cert.Raw)
}

// DecodeCertificate reads a certificate in whatever form it comes: each of the
// forms above, and a PEM with its lines, without them, or with "\n" spelt out.
// CodeCertificateInvalid when there is none.
func DecodeCertificate(text string) (*x509.Certificate, error) {
	der := certificateBytes(text)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeCertificateInvalid, "read certificate", "this is not an X.509 certificate", err)
	}
	return cert, nil
}

// IsPEMEncoded reports whether the text is the base64 of a whole PEM, armour
// included.
func IsPEMEncoded(text string) bool {
	inner, err := base64.StdEncoding.DecodeString(squeeze(text))
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(inner)), begin)
}

const (
	begin = "-----BEGIN CERTIFICATE-----"
	end   = "-----END CERTIFICATE-----"
)

func certificateBytes(text string) []byte {
	if len(text) > maxCertificate {
		return nil
	}
	if der, ok := armoured(text); ok {
		return der
	}
	inner, err := base64.StdEncoding.DecodeString(squeeze(text))
	if err != nil {
		return nil
	}
	if der, ok := armoured(string(inner)); ok {
		return der
	}
	return inner
}

// armoured reads what stands between the armour lines.
func armoured(text string) ([]byte, bool) {
	_, rest, ok := strings.Cut(text, begin)
	if !ok {
		return nil, false
	}
	body, _, ok := strings.Cut(rest, end)
	if !ok {
		return nil, true
	}
	der, err := base64.StdEncoding.DecodeString(squeeze(body))
	if err != nil {
		return nil, true
	}
	return der, true
}

// squeeze drops blanks and line ends, also those that are spelt out.
func squeeze(s string) string {
	s = strings.NewReplacer(`\r`, "", `\n`, "").Replace(s)
	return strings.Join(strings.Fields(s), "")
}

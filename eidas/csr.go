package eidas

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"github.com/onepointledger/onepoint"
)

// CreateCSR returns a PKCS#10 request (DER) that asks an issuer for the
// certificate r describes, signed by key, which may live in a vault or a device.
// It carries the key usages of the profile and QCStatements with the type and
// the PSD2 statement, as UK Open Banking's directory and QTSPs expect them.
// Errors are CodeInvalid for a request that no issuer would take.
func CreateCSR(key crypto.Signer, r Request) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := checkKey(key.Public()); err != nil {
		return nil, err
	}
	extensions, err := r.csrExtensions()
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: r.name(), DNSNames: r.DNSNames, IPAddresses: r.IPs, ExtraExtensions: extensions,
	}, key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate request: %w", err)
	}
	return der, nil
}

// Key usages of the profiles: EN 319 412-4 for a QWAC, EN 319 412-3 for a QSEAL.
func keyUsage(t QCType) x509.KeyUsage {
	if t == TypeWeb {
		return x509.KeyUsageDigitalSignature
	}
	return x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
}

func extKeyUsage(t QCType) []x509.ExtKeyUsage {
	if t == TypeWeb {
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	return nil
}

var (
	oidKeyUsage    = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidServerAuth  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	oidClientAuth  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
)

func (r Request) csrExtensions() ([]pkix.Extension, error) {
	qc, err := QCStatements{Types: []QCType{r.Type}, PSD2: r.psd2()}.Marshal()
	if err != nil {
		return nil, err
	}
	// DER of a named bit list has no trailing zero bits: digitalSignature is bit 0,
	// nonRepudiation bit 1 (RFC 5280 section 4.2.1.3).
	bits := asn1.BitString{Bytes: []byte{0x80}, BitLength: 1}
	if r.Type == TypeSeal {
		bits = asn1.BitString{Bytes: []byte{0xc0}, BitLength: 2}
	}
	usage, err := asn1.Marshal(bits)
	if err != nil {
		return nil, fmt.Errorf("encode key usage: %w", err)
	}
	list := []pkix.Extension{{Id: oidKeyUsage, Critical: true, Value: usage}, {Id: OIDQCStatements, Value: qc}}
	if r.Type == TypeWeb {
		purposes, err := asn1.Marshal([]asn1.ObjectIdentifier{oidServerAuth, oidClientAuth})
		if err != nil {
			return nil, fmt.Errorf("encode extended key usage: %w", err)
		}
		list = append(list, pkix.Extension{Id: oidExtKeyUsage, Value: purposes})
	}
	return list, nil
}

// maxCSR bounds a request: real ones have one or two kilobytes.
const maxCSR = 32 << 10

// ParseCSR reads a PKCS#10 request (DER), checks that the requester holds the
// key, and returns what it asks for. Errors are CodeInvalid.
func ParseCSR(der []byte) (Request, error) {
	bad := func(msg string, cause error) (Request, error) {
		return Request{}, onepoint.E(onepoint.CodeInvalid, "read certificate request", msg, cause)
	}
	if len(der) > maxCSR {
		return bad("the certificate request is too long", nil)
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return bad("the certificate request is malformed", err)
	}
	if err := csr.CheckSignature(); err != nil {
		return bad("the certificate request is not signed by its own key", err)
	}
	statements := extension(csr.Extensions, OIDQCStatements)
	if statements == nil {
		return bad("the certificate request has no qcStatements extension: its type is unknown", nil)
	}
	qc, err := ParseQCStatements(statements)
	if err != nil {
		return Request{}, err
	}
	r := Request{
		Subject: Subject{
			Country: first(csr.Subject.Country), Organisation: first(csr.Subject.Organization), CommonName: csr.Subject.CommonName,
		},
		OrgID: attribute(csr.Subject, oidOrganisationID), DNSNames: csr.DNSNames, IPs: csr.IPAddresses, PublicKey: csr.PublicKey,
	}
	if len(qc.Types) == 1 {
		r.Type = qc.Types[0]
	}
	if qc.PSD2 != nil {
		r.Roles, r.NCAName = qc.PSD2.Roles, qc.PSD2.NCAName
	}
	if err := r.check(); err != nil {
		return Request{}, err
	}
	return r, checkKey(r.PublicKey)
}

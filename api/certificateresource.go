package api

import (
	"time"

	"github.com/onepointledger/onepoint/tpp"
)

// Certificate is a key of the vault with its certificate; the key itself is
// never shown. What describes the certificate is absent while there is only a
// key.
type Certificate struct {
	Name                   string     `json:"name"`
	Kind                   string     `json:"kind" enum:"qwac,qseal,other,key" doc:"key: there is no certificate yet"`
	Algorithm              string     `json:"algorithm" doc:"Such as RSA-2048, ECDSA-P-256"`
	Subject                string     `json:"subject,omitempty"`
	OrganizationIdentifier string     `json:"organizationIdentifier,omitempty" doc:"Such as PSDGB-FCA-123456"`
	Roles                  []string   `json:"roles" doc:"PSP_AS, PSP_PI, PSP_AI, PSP_IC"`
	NCAName                string     `json:"ncaName,omitempty" doc:"The national competent authority"`
	NCAID                  string     `json:"ncaId,omitempty" doc:"Such as GB-FCA"`
	Issuer                 string     `json:"issuer,omitempty"`
	Serial                 string     `json:"serial,omitempty" doc:"Hexadecimal"`
	NotBefore              *time.Time `json:"notBefore,omitempty"`
	NotAfter               *time.Time `json:"notAfter,omitempty"`
	DaysLeft               *int       `json:"daysLeft,omitempty" doc:"Full days; negative once expired"`
	KeyUsage               []string   `json:"keyUsage"`
	ExtendedKeyUsage       []string   `json:"extendedKeyUsage"`
	Fingerprint            string     `json:"fingerprint,omitempty" doc:"SHA-256, hexadecimal"`
	Chain                  []string   `json:"chain" doc:"Subjects, leaf first"`
	Warnings               []string   `json:"warnings" doc:"What a person should know, one sentence each"`
	Revocation             string     `json:"revocation,omitempty" enum:"good,revoked,not_told,not_answered" doc:"In the answer about one certificate only"`
	RevokedAt              *time.Time `json:"revokedAt,omitempty"`
	UsedBy                 []string   `json:"usedBy" doc:"Ids of the banks whose registration uses it"`
}

// CertificateOrder says which certificate is wanted.
type CertificateOrder struct {
	Name                   string   `json:"name" doc:"Of the key: lower-case letters, digits, dots and dashes"`
	Type                   string   `json:"type" enum:"qwac,qseal"`
	Profile                string   `json:"profile,omitempty" enum:"psd2,ob" doc:"psd2 when absent; ob for Open Banking UK's OBWAC and OBSEAL"`
	Algorithm              string   `json:"algorithm,omitempty" enum:"RSA-2048,ECDSA-P-256" doc:"RSA-2048 when absent"`
	Organisation           string   `json:"organisation" doc:"Legal name"`
	OrganizationIdentifier string   `json:"organizationIdentifier" doc:"Such as PSDGB-FCA-123456"`
	Country                string   `json:"country,omitempty" doc:"That of the identifier when absent"`
	CommonName             string   `json:"commonName,omitempty" doc:"For the profile ob the organisation's id in the directory"`
	Roles                  []string `json:"roles,omitempty" doc:"PSP_AS, PSP_PI, PSP_AI, PSP_IC; PSP_AI when absent"`
	DNSNames               []string `json:"dnsNames,omitempty" doc:"Host names of a QWAC"`
}

// CertificateRequest is a PKCS#10 request to send to an issuer.
type CertificateRequest struct {
	Name string `json:"name"`
	CSR  string `json:"csr" doc:"PEM"`
}

// CertificateMove is the outcome of moving a bank to other certificates.
type CertificateMove struct {
	Bank        string   `json:"bank"`
	Transport   string   `json:"transport"`
	Seal        string   `json:"seal"`
	Connections int      `json:"connections" doc:"Whose access was renewed"`
	Left        []string `json:"left,omitempty" doc:"What is left to do"`
}

func certificateResource(c tpp.Certificate) Certificate {
	out := Certificate{
		Name: c.Name, Kind: string(c.Kind), Algorithm: c.Algorithm, Subject: c.Subject, OrganizationIdentifier: c.OrgID, Roles: filled(c.Roles),
		NCAName: c.NCAName, NCAID: c.NCAID, Issuer: c.Issuer, Serial: c.Serial, NotBefore: moment(c.NotBefore), NotAfter: moment(c.NotAfter),
		KeyUsage: filled(c.KeyUsage), ExtendedKeyUsage: filled(c.ExtKeyUsage), Fingerprint: c.Fingerprint, Chain: filled(c.Chain),
		Warnings: filled(c.Warnings), Revocation: string(c.Revocation), RevokedAt: moment(c.RevokedAt), UsedBy: filled(c.UsedBy),
	}
	if c.Kind != tpp.CertificateNone {
		out.DaysLeft = &c.DaysLeft
	}
	return out
}

// filled makes an absent list an empty one.
func filled(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

package recipe

import (
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/httpsig"
	"github.com/onepointledger/onepoint/standard/berlin"
)

const saltEdgePage = 200

// saltEdgeSign is how Salt Edge's engine wants requests signed: exactly these
// headers, the issuer's name with slashes, the certificate as base64 of its
// whole PEM.
func saltEdgeSign(env connector.Env) *httpsig.SignConfig {
	return &httpsig.SignConfig{
		Key: env.Signer.Key, Certificate: env.Signer.Chain[0], Now: env.Now,
		Headers:  []string{"digest", "date", "x-request-id"},
		Optional: []string{"psu-id", "psu-corporate-id", "tpp-redirect-uri"},
		KeyID:    httpsig.KeyIDSlash, Encoding: httpsig.CertificatePEM,
	}
}

// SaltEdgeClient is the Berlin Group client with the habits of Salt Edge's
// engine. CodeCertificateInvalid without a seal certificate.
func SaltEdgeClient(env connector.Env) (*berlin.Client, error) {
	if len(env.Signer.Chain) == 0 {
		return nil, onepoint.E(onepoint.CodeCertificateInvalid, "open the bank", "a QSEAL is needed; import or issue it first", nil)
	}
	zone, err := time.LoadLocation(env.Profile.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("load the bank's time zone: %w", err)
	}
	return berlin.NewClient(berlin.ClientConfig{
		Base: env.Profile.Endpoints.Resource, Funds: env.Profile.Endpoints.Funds, HTTP: env.HTTP, Sign: saltEdgeSign(env),
		Quirks: berlin.Quirks{PageLimit: saltEdgePage, Products: map[onepoint.PaymentScheme]string{
			onepoint.SchemeBookTransfer: "internal-transfer", onepoint.SchemeDomestic: "faster-payment-service",
		}},
		HistoryDays: env.Profile.Limits.HistoryDays, ConsentDays: env.Profile.Limits.ConsentDays,
		Zone: zone, Now: env.Now, NewID: env.NewID, Log: env.Log,
	})
}

package eidas

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"
)

// How long the test QTSP's answers hold: a revocation on a laptop is to be seen
// soon.
const (
	ocspHolds = time.Minute
	crlHolds  = time.Hour
)

// RevocationHandler serves what the QTSP revoked, signed by its issuing
// authority: OCSP as POST /ocsp and GET /ocsp/{base64} (RFC 6960 appendix A) and
// the complete list as GET /crl. now is time.Now when nil. A serial number that
// was not revoked is good, also one that was never issued: no list of those is
// kept. The time a revocation is from must have come.
func (q *QTSP) RevocationHandler(now func() time.Time) http.Handler {
	if now == nil {
		now = time.Now
	}
	// Not a ServeMux: it would fold the two slashes that base64 may have.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		encoded, inPath := strings.CutPrefix(r.URL.Path, "/ocsp/")
		switch {
		case r.URL.Path == "/ocsp" && r.Method == http.MethodPost:
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOCSP))
			if err != nil {
				http.Error(w, "the OCSP request is too long", http.StatusRequestEntityTooLarge)
				return
			}
			writeDER(w, ocspResponseType, q.respond(body, now()))
		case inPath && r.Method == http.MethodGet:
			body, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				body = nil // answered as a malformed request
			}
			writeDER(w, ocspResponseType, q.respond(body, now()))
		case r.URL.Path == "/crl" && r.Method == http.MethodGet:
			q.serveCRL(w, now())
		case r.URL.Path == "/ocsp", r.URL.Path == "/crl", inPath:
			http.Error(w, "use POST for OCSP and GET for the CRL", http.StatusMethodNotAllowed)
		default:
			http.NotFound(w, r)
		}
	})
}

func writeDER(w http.ResponseWriter, mediaType string, der []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Write(der)
}

// respond answers an OCSP request; what cannot be answered has an error of RFC
// 6960 section 4.2.1 in place of an HTTP status.
func (q *QTSP) respond(request []byte, now time.Time) []byte {
	req, err := ocsp.ParseRequest(request)
	if err != nil || req.SerialNumber == nil {
		return ocsp.MalformedRequestErrorResponse
	}
	name, key, err := issuerHashes(q.issuing, req.HashAlgorithm)
	if err != nil || !bytes.Equal(name, req.IssuerNameHash) || !bytes.Equal(key, req.IssuerKeyHash) {
		return ocsp.UnauthorizedErrorResponse // RFC 5019 section 2.2.3: not our issuer
	}
	template := ocsp.Response{
		Status: ocsp.Good, SerialNumber: req.SerialNumber, IssuerHash: req.HashAlgorithm,
		ThisUpdate: now.Truncate(time.Second), NextUpdate: now.Add(ocspHolds).Truncate(time.Second),
	}
	if e, ok := q.revoked.in(req.SerialNumber, now); ok {
		template.Status, template.RevokedAt, template.RevocationReason = ocsp.Revoked, e.at, e.reason
	}
	der, err := q.signOCSP(template)
	if err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	return der
}

func (q *QTSP) serveCRL(w http.ResponseWriter, now time.Time) {
	der, err := q.crl(now)
	if err != nil {
		http.Error(w, "the list cannot be made", http.StatusInternalServerError)
		return
	}
	writeDER(w, crlType, der)
}

// crl is numbered by the clock, which needs no file to keep rising.
func (q *QTSP) crl(now time.Time) ([]byte, error) {
	template := &x509.RevocationList{
		Number: big.NewInt(now.UnixMilli()), ThisUpdate: now.UTC().Truncate(time.Second), NextUpdate: now.UTC().Add(crlHolds).Truncate(time.Second),
	}
	for _, r := range q.revoked.sorted() {
		serial, ok := new(big.Int).SetString(r.Serial, 16)
		if !ok || r.At.After(now) {
			continue
		}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: serial, RevocationTime: r.At, ReasonCode: r.Reason})
	}
	return q.signCRL(template)
}

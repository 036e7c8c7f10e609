package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// askLimit bounds how long a bank waits for the QTSP.
const askLimit = 3 * time.Second

// revocations is the local QTSP's word on what it revoked, and how the local
// banks ask for it: over HTTP, as they would ask a real one.
type revocations struct {
	trust *trust
	base  string // of the listener

	mu      sync.Mutex
	checker *eidas.Revocation
}

// newRevocations makes certificates issued from now on name the address.
func newRevocations(t *trust, l net.Listener) (*revocations, error) {
	r := &revocations{trust: t, base: "http://" + l.Addr().String()}
	r.forget()
	t.responder = r.base + "/ocsp"
	return r, t.qtsp.SetRevocationURL(r.base)
}

// forget lets the banks ask anew, so that a revocation here is seen at once.
func (r *revocations) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checker = &eidas.Revocation{HTTP: &http.Client{Timeout: askLimit}, Now: r.trust.now}
}

// Check implements as.Revocation. Without an issuer it is the local QTSP's word
// that is asked for.
func (r *revocations) Check(ctx context.Context, leaf, issuer *x509.Certificate) (eidas.Status, error) {
	if issuer == nil {
		issuer = r.trust.qtsp.Chain()[0]
	}
	r.mu.Lock()
	checker := r.checker
	r.mu.Unlock()
	return checker.Check(ctx, leaf, issuer)
}

// revoke revokes and keeps it.
func (t *trust) revoke(serial *big.Int, reason int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.qtsp.Revoke(serial, t.now(), reason); err != nil {
		return err
	}
	saved, err := t.qtsp.MarshalPEM()
	if err != nil {
		return fmt.Errorf("encode the test QTSP: %w", err)
	}
	return writeFile(filepath.Join(filepath.Dir(t.rootFile), "qtsp.pem"), saved, 0o600)
}

// elsewhere reports whether a certificate names another responder than the one
// that runs now.
func (t *trust) elsewhere(leaf *x509.Certificate) bool {
	return t.responder != "" && !slices.Contains(leaf.OCSPServer, t.responder)
}

// revokeRequest is the body of POST /revocations.
type revokeRequest struct {
	Serial string `json:"serial,omitempty"` // hexadecimal
	Name   string `json:"name,omitempty"`   // of a key of the platform
	Reason int    `json:"reason"`
}

// handler serves OCSP and the CRL to everyone, and takes revocations from who
// has the platform's key.
func (r *revocations) handler(platform func() *platformSide) http.Handler {
	public := r.trust.qtsp.RevocationHandler(r.trust.now)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/revocations" || req.Method != http.MethodPost {
			public.ServeHTTP(w, req)
			return
		}
		serial, err := r.take(w, req, platform())
		answer, status := map[string]string{"serial": serial}, http.StatusOK
		if err != nil {
			status = http.StatusBadRequest
			answer = map[string]string{"code": string(onepoint.CodeOf(err)), "message": onepoint.MessageOf(err)}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(answer) //nolint:errcheck // the reader has gone
	})
}

func (r *revocations) take(w http.ResponseWriter, req *http.Request, p *platformSide) (string, error) {
	const op = "revoke certificate"
	if p == nil {
		return "", onepoint.E(onepoint.CodeUnavailable, op, "the platform is not running yet", nil)
	}
	key, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	who, err := p.identity.KeyFor(req.Context(), key)
	if err != nil {
		return "", err
	}
	var in revokeRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 4<<10)).Decode(&in); err != nil {
		return "", onepoint.Missing(op, "body", "must be JSON with serial or name")
	}
	serial, err := p.serialOf(req.Context(), in)
	if err != nil {
		return "", err
	}
	detail := map[string]string{"reason": fmt.Sprint(in.Reason), "key": in.Name, "by": "key:" + who.KeyID}
	if err := p.audit.Record(req.Context(), who.Workspace, "certificate.revoked", serial.Text(16), detail); err != nil {
		return "", err
	}
	if err := r.trust.revoke(serial, in.Reason); err != nil {
		return "", err
	}
	r.forget()
	return serial.Text(16), nil
}

// serialOf is the serial number that a request means.
func (p *platformSide) serialOf(ctx context.Context, in revokeRequest) (*big.Int, error) {
	const op = "revoke certificate"
	if (in.Serial == "") == (in.Name == "") {
		return nil, onepoint.Missing(op, "serial", "or --name must be given, and not both")
	}
	if in.Name != "" {
		chain, err := p.keys.Chain(ctx, p.Workspace, in.Name)
		if err != nil {
			return nil, onepoint.E("", op, "there is no certificate of that name", err)
		}
		return chain[0].SerialNumber, nil
	}
	serial, ok := new(big.Int).SetString(strings.ReplaceAll(in.Serial, ":", ""), 16)
	if !ok || len(in.Serial) > 80 {
		return nil, onepoint.Missing(op, "serial", "must be a serial number in hexadecimal")
	}
	return serial, nil
}

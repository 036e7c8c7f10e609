package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/vault"
)

// renewBefore is how long before its end a local certificate is replaced.
const renewBefore = 30 * 24 * time.Hour

// trust is the local test QTSP, kept in the data folder.
type trust struct {
	qtsp     *eidas.QTSP
	rootFile string
	now      onepoint.Clock

	mu        sync.Mutex // around the file
	responder string     // that certificates name; empty: whichever
}

func openTrust(dir string, now onepoint.Clock) (*trust, error) {
	t := &trust{rootFile: filepath.Join(dir, "qtsp-root.pem"), now: now}
	file := filepath.Join(dir, "qtsp.pem")
	saved, err := os.ReadFile(file)
	switch {
	case err == nil:
		if t.qtsp, err = eidas.LoadQTSP(saved); err != nil {
			return nil, fmt.Errorf("read the test QTSP from %s: %w", file, err)
		}
	case errors.Is(err, fs.ErrNotExist):
		if t.qtsp, err = eidas.NewTestQTSP(now()); err != nil {
			return nil, fmt.Errorf("make the test QTSP: %w", err)
		}
		if saved, err = t.qtsp.MarshalPEM(); err != nil {
			return nil, fmt.Errorf("encode the test QTSP: %w", err)
		}
		if err := writeFile(file, saved, 0o600); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("read the test QTSP: %w", err)
	}
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: t.qtsp.Root().Raw})
	return t, writeFile(t.rootFile, root, 0o644)
}

// certify gives a vault key a certificate of the test QTSP, unless it has one
// that is good for a while and covers the address.
func (t *trust) certify(ctx context.Context, v *vault.Vault, workspace, name string, alg vault.Algorithm, req eidas.Request) error {
	key, err := v.NewKey(ctx, workspace, name, alg)
	if err != nil {
		return fmt.Errorf("make key %s: %w", name, err)
	}
	chain, err := v.Chain(ctx, workspace, name)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return fmt.Errorf("read certificate of %s: %w", name, err)
	}
	if len(chain) > 0 && t.good(chain[0], req) {
		return nil
	}
	req.PublicKey, req.NotBefore = key, t.now().Add(-time.Minute)
	req.NotAfter = t.now().AddDate(1, 0, 0)
	leaf, err := t.qtsp.Issue(req)
	if err != nil {
		return fmt.Errorf("issue certificate for %s: %w", name, err)
	}
	if err := v.SetChain(ctx, workspace, name, append([]*x509.Certificate{leaf}, t.qtsp.Chain()...)); err != nil {
		return fmt.Errorf("keep certificate of %s: %w", name, err)
	}
	return nil
}

func (t *trust) good(leaf *x509.Certificate, req eidas.Request) bool {
	if t.now().Add(renewBefore).After(leaf.NotAfter) || t.elsewhere(leaf) {
		return false
	}
	for _, ip := range req.IPs {
		if leaf.VerifyHostname(ip.String()) != nil {
			return false
		}
	}
	return true
}

func hostIP(addr string) (net.IP, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("read address %s: %w", addr, err)
	}
	return net.ParseIP(host), nil
}

// writeFile writes a whole file or none: a crash leaves the old one.
func writeFile(path string, content []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone after the rename
	_, err = tmp.Write(content)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

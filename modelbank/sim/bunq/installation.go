package bunq

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/onepointledger/onepoint/modelbank/sim"
)

type tokenObject struct {
	ID      int64  `json:"id"`
	Created string `json:"created"`
	Updated string `json:"updated"`
	Token   string `json:"token"`
}

// install registers a client's public key and answers with a token for it and
// the key that bunq will sign with.
func (s *Server) install(ctx context.Context, c *call) (answer, error) {
	var in struct {
		Key string `json:"client_public_key"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if _, err := readPublicKey(in.Key); err != nil {
		return answer{}, err
	}
	kept, public, err := newServerKey()
	if err != nil {
		return answer{}, err
	}
	id, err := s.next(ctx, "installation")
	if err != nil {
		return answer{}, err
	}
	row := installation{ID: id, ClientKey: in.Key, ServerKey: kept, Created: s.now()}
	if err := s.installations.Add(ctx, key(id), "", row); err != nil {
		return answer{}, err
	}
	token := newToken()
	if err := s.tokens.Add(ctx, digest(token), key(id), id); err != nil {
		return answer{}, err
	}
	c.installation = &row
	return answer{Response: []map[string]any{
		object("Id", identity{id}),
		object("Token", tokenObject{id, stamp(row.Created), stamp(row.Created), token}),
		object("ServerPublicKey", map[string]string{"server_public_key": public}),
	}}, nil
}

// newServerKey makes a key, in PKCS #8, and its public half in PEM.
func newServerKey() (kept []byte, public string, err error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, "", fmt.Errorf("make the server key: %w", err)
	}
	if kept, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
		return nil, "", fmt.Errorf("encode the server key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, "", fmt.Errorf("encode the server key: %w", err)
	}
	return kept, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

func (s *Server) next(ctx context.Context, name string) (int64, error) {
	return sim.Next(ctx, s.Store, simName, name)
}

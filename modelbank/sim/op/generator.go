package op

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

// tpp is a provider that the generator made.
type tpp struct {
	ID   string          `json:"id"`
	Name string          `json:"name"`
	JWKS json.RawMessage `json:"jwks"` // public
}

// privateJWK is what OP's sandbox returns: a private RSA key without its primes.
type privateJWK struct {
	KeyType string   `json:"kty"`
	KeyID   string   `json:"kid"`
	Alg     string   `json:"alg"`
	Use     string   `json:"use"`
	N       string   `json:"n"`
	E       string   `json:"e"`
	D       string   `json:"d"`
	Chain   []string `json:"x5c"`
}

var opRoles = map[string]eidas.Role{"AIS": eidas.RoleAI, "PIS": eidas.RolePI, "CBPII": eidas.RoleIC}

// portalKey checks the developer portal's key.
func (s *Server) portalKey(r *http.Request) error {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("x-api-key")), []byte(s.APIKey.Reveal())) != 1 {
		return &gatewayFault{http.StatusUnauthorized, "oauth.v2.InvalidApiKey"}
	}
	return nil
}

// generate makes a provider with its QWAC, QSEAL and keys.
func (s *Server) generate(w http.ResponseWriter, r *http.Request) error {
	if err := s.portalKey(r); err != nil {
		return err
	}
	q := r.URL.Query()
	roles, err := rolesOf(q.Get("roles"))
	switch {
	case err != nil:
		return err
	case q.Get("c") != "FI":
		return invalid("CountryCode", "c", "The country must be FI")
	case q.Get("cn") == "" || len(q.Get("cn")) > 60:
		return invalid("Size", "cn", "The name must have 1 to 60 characters")
	}
	var b [6]byte
	rand.Read(b[:])
	id := "OP-SANDBOX-TPP-" + hex.EncodeToString(b[:4]) + "-" + hex.EncodeToString(b[4:])
	who := eidas.Request{
		Subject: eidas.Subject{Country: "FI", Organisation: q.Get("cn"), CommonName: q.Get("cn")},
		OrgID:   "PSDFI-FINFSA-" + strings.ToUpper(hex.EncodeToString(b[:4])), Roles: roles,
	}
	qwac, qseal := who, who
	qwac.Type, qwac.DNSNames = eidas.TypeWeb, []string{strings.ToLower(id) + ".sandbox.example"}
	qseal.Type = eidas.TypeSeal
	first, one, err := s.keyPair(qwac, id+"-qwac")
	if err != nil {
		return err
	}
	second, two, err := s.keyPair(qseal, id+"-qseal")
	if err != nil {
		return err
	}
	public, err := fapi.PublicJWKS(one, two)
	if err != nil {
		return err
	}
	if err := s.tpps.Add(r.Context(), id, "", tpp{ID: id, Name: q.Get("cn"), JWKS: public}); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]any{
		"tppId": id, "privateJwks": map[string]any{"keys": []privateJWK{first, second}},
		"publicJwksUrl": s.url("/jwks/" + id + "/public-jwks.json"),
	})
}

func rolesOf(list string) ([]eidas.Role, error) {
	if list == "" {
		list = "AIS,PIS,CBPII"
	}
	var roles []eidas.Role
	for _, name := range strings.Split(list, ",") {
		role, ok := opRoles[strings.TrimSpace(name)]
		if !ok {
			return nil, invalid("InvalidValue", "roles", "The roles are AIS, PIS and CBPII")
		}
		roles = append(roles, role)
	}
	return roles, nil
}

func (s *Server) keyPair(req eidas.Request, kid string) (privateJWK, fapi.SigningKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return privateJWK{}, fapi.SigningKey{}, err
	}
	req.PublicKey, req.NotBefore, req.NotAfter = key.Public(), s.Now().Add(-time.Minute), s.Now().AddDate(0, 11, 0)
	leaf, err := s.QTSP.Issue(req)
	if err != nil {
		return privateJWK{}, fapi.SigningKey{}, err
	}
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	j := privateJWK{
		KeyType: "RSA", KeyID: kid, Alg: "RS256", Use: "sig",
		N: number(key.N), E: number(big.NewInt(int64(key.E))), D: number(key.D),
		Chain: []string{base64.StdEncoding.EncodeToString(leaf.Raw)},
	}
	for _, c := range s.QTSP.Chain() {
		j.Chain = append(j.Chain, base64.StdEncoding.EncodeToString(c.Raw))
	}
	return j, fapi.SigningKey{Signer: key, KeyID: kid, Alg: "RS256"}, nil
}

func (s *Server) publicKeys(w http.ResponseWriter, r *http.Request) error {
	t, err := s.tpps.Get(r.Context(), r.PathValue("tpp"))
	if err != nil {
		return onepoint.E("", "read keys", "", err)
	}
	return writeJSON(w, http.StatusOK, t.JWKS)
}

func (s *Server) ownKeys(w http.ResponseWriter, _ *http.Request) error {
	jwks, err := fapi.PublicJWKS(s.Key)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, json.RawMessage(jwks))
}

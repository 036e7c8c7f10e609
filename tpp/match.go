package tpp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/onepointledger/onepoint"
)

// IdentityOf is what makes an account the same account at a bank, whatever
// resource id a consent gives it: its strongest scheme identifier, its currency
// and its product. An account that shows no identifier has only its resource id.
func IdentityOf(a onepoint.Account) string {
	preference := []onepoint.IdentifierScheme{
		onepoint.SchemeIBAN, onepoint.SchemeSortCode, onepoint.SchemeBBAN, onepoint.SchemePAN, onepoint.SchemeOther,
	}
	for _, scheme := range preference {
		for _, id := range a.Identifiers {
			if id.Scheme == scheme && id.Value != "" {
				value := strings.ToUpper(strings.ReplaceAll(id.Value, " ", ""))
				return hashed("account", string(scheme), value, id.Secondary, string(a.Currency), a.Product)
			}
		}
	}
	return hashed("resource", a.ID, string(a.Currency))
}

// Keys gives every transaction of one window of one account the key under which
// the ledger finds it again. The window must be read from its start: the k-th of
// several equal rows is the k-th purchase, not a duplicate.
type Keys struct {
	// StableIDs says that the bank's ids never change and never repeat, so that the
	// id alone is the key.
	StableIDs bool

	seen map[string]int
}

// Next returns the key of the next transaction of the window.
func (k *Keys) Next(t onepoint.Transaction) string {
	if k.StableIDs && t.ID != "" {
		return "id:" + strings.ReplaceAll(t.ID, "\x00", "") // no database holds NUL in text
	}
	if k.seen == nil {
		k.seen = map[string]int{}
	}
	c := t.Counterparty
	found := hashed("row", t.Amount.String(), t.BookingDate.String(), t.ValueDate.String(), t.Information,
		t.Reference, c.Name, c.Identifier.Value, t.Merchant.Name)
	k.seen[found]++
	return "fp:" + found + "#" + strconv.Itoa(k.seen[found])
}

// DigestOf sums up what the bank says of a transaction. The payload itself is
// left out: banks vary it without meaning.
func DigestOf(t onepoint.Transaction) (string, error) {
	t.Raw = nil
	b, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("encode transaction: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), nil
}

// hashed joins parts unambiguously before hashing: ("a","bc") is not ("ab","c").
func hashed(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

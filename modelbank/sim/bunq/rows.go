package bunq

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

const simName = "bunq"

// installation is one client key that bunq knows, with the key that bunq answers
// it with.
type installation struct {
	ID        int64     `json:"id"`
	ClientKey string    `json:"clientKey"` // PEM, as it was sent
	ServerKey []byte    `json:"serverKey"` // PKCS #8
	Created   time.Time `json:"created"`
}

// provider is a payment service provider: who the certificate says.
type provider struct {
	ID      int64     `json:"id"`
	DN      string    `json:"dn"`
	Name    string    `json:"name"`
	UUID    string    `json:"uuid"`
	Roles   []string  `json:"roles"` // AISP, PISP, CBPII
	Created time.Time `json:"created"`
}

// credential is an API key: a provider's own, or one that a user gave it by
// OAuth.
type credential struct {
	ID           int64         `json:"id"`
	User         int64         `json:"user"` // a provider or a grant
	Hash         string        `json:"hash"`
	Created      time.Time     `json:"created"`
	Expires      time.Time     `json:"expires,omitzero"` // unless used before
	Used         bool          `json:"used"`
	Installation int64         `json:"installation"` // that may use it; 0 for any of the provider's
	Device       int64         `json:"device"`
	IPs          []permittedIP `json:"ips"`
}

type permittedIP struct {
	ID      int64     `json:"id"`
	IP      string    `json:"ip"`
	Status  string    `json:"status"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// session is a session token.
type session struct {
	ID           int64     `json:"id"`
	Hash         string    `json:"hash"`
	Installation int64     `json:"installation"`
	Provider     int64     `json:"provider"`
	Grant        int64     `json:"grant"` // 0 for the provider's own session
	Timeout      int64     `json:"timeout"`
	Expires      time.Time `json:"expires"`
}

type device struct {
	ID           int64     `json:"id"`
	Installation int64     `json:"installation"`
	Description  string    `json:"description"`
	Created      time.Time `json:"created"`
}

type oauthClient struct {
	ID        int64      `json:"id"`
	Provider  int64      `json:"provider"`
	Status    string     `json:"status"`
	ClientID  string     `json:"clientId"`
	Secret    string     `json:"secret"`
	Callbacks []callback `json:"callbacks"`
	Created   time.Time  `json:"created"`
}

type callback struct {
	ID      int64     `json:"id"`
	URL     string    `json:"url"`
	Created time.Time `json:"created"`
}

// grant is what a user allowed a provider: bunq's UserApiKey.
type grant struct {
	ID       int64     `json:"id"`
	Provider int64     `json:"provider"`
	Customer string    `json:"customer"`
	User     int64     `json:"user"` // the customer's number
	Name     string    `json:"name"`
	Accounts []string  `json:"accounts"`
	Created  time.Time `json:"created"`
	Revoked  bool      `json:"revoked"`
}

// code is an authorization code.
type code struct {
	Grant       int64     `json:"grant"`
	ClientID    string    `json:"clientId"`
	RedirectURI string    `json:"redirectUri"`
	State       string    `json:"state"`
	Expires     time.Time `json:"expires"`
}

// order is money that is to move once a user has decided.
type order struct {
	Debtor      string                `json:"debtor"` // account; empty before
	Amount      onepoint.Money        `json:"amount"`
	Creditor    onepoint.Counterparty `json:"creditor"`
	Description string                `json:"description"`
}

// tables are all rows of the simulator.
type tables struct {
	installations sim.Table[installation] // by number
	tokens        sim.Table[int64]        // installation token's hash to installation
	providers     sim.Table[provider]
	certificates  sim.Table[int64] // certificate's subject and key to provider
	credentials   sim.Table[credential]
	devices       sim.Table[device]
	sessions      sim.Table[session]
	clients       sim.Table[oauthClient]
	clientIDs     sim.Table[int64]
	grants        sim.Table[grant]
	codes         sim.Table[code]
	requests      sim.Table[time.Time] // request ids that were used, by device
	inquiries     sim.Table[inquiry]
	drafts        sim.Table[draft]
	pspDrafts     sim.Table[pspDraft]
	issuers       sim.Table[issuerTransaction]
	issuerUUIDs   sim.Table[int64]
	numbers       sim.Table[int64]  // the core's ids to numbers
	names         sim.Table[string] // and back
	counters      sim.Table[int64]
	chunks        sim.Table[chunk]
}

func newTables(s sim.Store) tables {
	return tables{
		installations: sim.Table[installation]{Store: s, Sim: simName, Kind: "installation"},
		tokens:        sim.Table[int64]{Store: s, Sim: simName, Kind: "installation_token"},
		providers:     sim.Table[provider]{Store: s, Sim: simName, Kind: "provider"},
		certificates:  sim.Table[int64]{Store: s, Sim: simName, Kind: "certificate"},
		credentials:   sim.Table[credential]{Store: s, Sim: simName, Kind: "credential"},
		devices:       sim.Table[device]{Store: s, Sim: simName, Kind: "device"},
		sessions:      sim.Table[session]{Store: s, Sim: simName, Kind: "session"},
		clients:       sim.Table[oauthClient]{Store: s, Sim: simName, Kind: "oauth_client"},
		clientIDs:     sim.Table[int64]{Store: s, Sim: simName, Kind: "oauth_client_id"},
		grants:        sim.Table[grant]{Store: s, Sim: simName, Kind: "grant"},
		codes:         sim.Table[code]{Store: s, Sim: simName, Kind: "code"},
		requests:      sim.Table[time.Time]{Store: s, Sim: simName, Kind: "request_id"},
		inquiries:     sim.Table[inquiry]{Store: s, Sim: simName, Kind: "request_inquiry"},
		drafts:        sim.Table[draft]{Store: s, Sim: simName, Kind: "draft_payment"},
		pspDrafts:     sim.Table[pspDraft]{Store: s, Sim: simName, Kind: "psp_draft_payment"},
		issuers:       sim.Table[issuerTransaction]{Store: s, Sim: simName, Kind: "issuer_transaction"},
		issuerUUIDs:   sim.Table[int64]{Store: s, Sim: simName, Kind: "issuer_uuid"},
		numbers:       sim.Table[int64]{Store: s, Sim: simName, Kind: "number"},
		names:         sim.Table[string]{Store: s, Sim: simName, Kind: "name"},
		counters:      sim.Table[int64]{Store: s, Sim: simName, Kind: "counter"},
		chunks:        sim.Table[chunk]{Store: s, Sim: simName, Kind: "payments"},
	}
}

// digest is how a token is found without being kept.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

package connector

// Profile is one API of a bank, as a data file says it. A user recognises the
// brand; the profile says how to speak to it.
type Profile struct {
	ID         string     `toml:"id"`   // stable, used in URLs and rows: "model-bank-uk"
	Name       string     `toml:"name"` // the brand: "Model Bank UK"
	Country    string     `toml:"country"`
	BIC        string     `toml:"bic"`
	Standard   string     `toml:"standard"` // a Driver's name
	Version    string     `toml:"version"`  // of the standard: "v4.0"
	TimeZone   string     `toml:"time_zone"`
	Website    string     `toml:"website"`
	About      string     `toml:"about"` // one line for the bank list
	Offers     []string   `toml:"offers"`
	Endpoints  Endpoints  `toml:"endpoints"`
	Security   Security   `toml:"security"`
	Onboarding Onboarding `toml:"onboarding"`
	Limits     Limits     `toml:"limits"`
	TestUsers  []PSU      `toml:"test_users"` // logins a sandbox publishes
}

// Endpoints are the bank's addresses. Discovery from Issuer gives the rest.
type Endpoints struct {
	Issuer    string `toml:"issuer"`
	Resource  string `toml:"resource"`  // base of the account API: "https://host/open-banking/v4.0/aisp"
	Directory string `toml:"directory"` // where software statements come from
	Authorize string `toml:"authorize"` // where the user's browser goes, for a bank without discovery
	Token     string `toml:"token"`     // token endpoint, for a bank without discovery
	JWKS      string `toml:"jwks"`      // keys of the bank's ID tokens, for a bank without discovery
	Payments  string `toml:"payments"`  // base of the payment API, where it is another than Resource
	Funds     string `toml:"funds"`     // base of the funds confirmation API, likewise
	SignKeys  string `toml:"sign_keys"` // keys that the bank signs payment answers with
}

// Onboarding says how a TPP becomes a client of the bank.
type Onboarding struct {
	Recipe       string            `toml:"recipe"`       // of the driver's; empty for the standard's own
	Group        string            `toml:"group"`        // banks with one portal share its credentials; the profile's id when empty
	Generator    string            `toml:"generator"`    // where a sandbox issues certificates; empty when ours are used
	Register     string            `toml:"register"`     // registration endpoint, where discovery does not tell
	Certificates string            `toml:"certificates"` // where certificates are uploaded
	Portal       string            `toml:"portal"`       // the bank's developer portal
	Instructions []string          `toml:"instructions"` // what a human does there, step by step
	Asks         []Question        `toml:"asks"`         // what a human brings from there
	Options      map[string]string `toml:"options"`      // what else a recipe needs, by name
}

// Question is one thing that only a human can bring.
type Question struct {
	Name   string `toml:"name"` // client_id, client_secret, api_key, or a name of the bank's own
	Label  string `toml:"label"`
	Secret bool   `toml:"secret"`
}

// Addresses are all addresses of the bank that the profile holds.
func (p *Profile) Addresses() map[string]*string {
	e, o := &p.Endpoints, &p.Onboarding
	return map[string]*string{
		"endpoints.issuer": &e.Issuer, "endpoints.resource": &e.Resource, "endpoints.directory": &e.Directory,
		"endpoints.authorize": &e.Authorize, "endpoints.token": &e.Token, "endpoints.jwks": &e.JWKS,
		"endpoints.payments": &e.Payments, "endpoints.funds": &e.Funds, "endpoints.sign_keys": &e.SignKeys,
		"onboarding.generator": &o.Generator, "onboarding.register": &o.Register, "onboarding.certificates": &o.Certificates,
		"onboarding.portal": &o.Portal,
	}
}

// Group is which credentials open the bank.
func (p Profile) Group() string {
	if p.Onboarding.Group != "" {
		return p.Onboarding.Group
	}
	return p.ID
}

// Security says how the bank wants its OAuth.
type Security struct {
	ClientAuth   string `toml:"client_auth"`   // private_key_jwt, tls_client_auth, client_secret_post or none
	ResponseType string `toml:"response_type"` // "code", "code id_token" or none
	SigningAlg   string `toml:"signing_alg"`   // PS256, ES256 or RS256
	Audience     string `toml:"audience"`      // aud of the registration JWT; the issuer when empty
}

// Limits are what the bank allows.
type Limits struct {
	HistoryDays     int  `toml:"history_days"`     // how far back transactions go; 0 for all there is
	ConsentDays     int  `toml:"consent_days"`     // how long a consent may last; 0 for no limit
	UnattendedDaily int  `toml:"unattended_daily"` // calls a day without the user; 0 for no limit
	StableIDs       bool `toml:"stable_ids"`       // transaction ids stay the same for good
	OverlapDays     int  `toml:"overlap_days"`     // how far a sync looks back over what it has; 0 means 14
}

// PSU is a login that a sandbox publishes for its users' tests.
type PSU struct {
	Login    string `toml:"login" json:"login"`
	Password string `toml:"password" json:"password"`
	About    string `toml:"about" json:"about"`
	TOTP     string `toml:"totp" json:"totp,omitempty"` // secret of its one-time codes (RFC 6238, base32); empty: none are asked
}

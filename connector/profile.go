package connector

// Profile is one API of a bank, as a data file says it. A user recognises the
// brand; the profile says how to speak to it.
type Profile struct {
	ID        string    `toml:"id"`   // stable, used in URLs and rows: "model-bank-uk"
	Name      string    `toml:"name"` // the brand: "Model Bank UK"
	Country   string    `toml:"country"`
	BIC       string    `toml:"bic"`
	Standard  string    `toml:"standard"` // a Driver's name
	Version   string    `toml:"version"`  // of the standard: "v4.0"
	TimeZone  string    `toml:"time_zone"`
	Website   string    `toml:"website"`
	About     string    `toml:"about"` // one line for the bank list
	Offers    []string  `toml:"offers"`
	Endpoints Endpoints `toml:"endpoints"`
	Security  Security  `toml:"security"`
	Limits    Limits    `toml:"limits"`
	TestUsers []PSU     `toml:"test_users"` // logins a sandbox publishes
}

// Endpoints are the bank's addresses. Discovery from Issuer gives the rest.
type Endpoints struct {
	Issuer    string `toml:"issuer"`
	Resource  string `toml:"resource"`  // base of the account API: "https://host/open-banking/v4.0/aisp"
	Directory string `toml:"directory"` // where software statements come from
}

// Security says how the bank wants its OAuth.
type Security struct {
	ClientAuth   string `toml:"client_auth"`   // private_key_jwt or tls_client_auth
	ResponseType string `toml:"response_type"` // "code" or "code id_token"
	SigningAlg   string `toml:"signing_alg"`   // PS256 or ES256
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
}

package onepoint

import (
	"net/url"
	"time"
)

// Permission is one thing an account-access consent lets a TPP read. The names
// are those of UK Open Banking, the finest-grained standard; other standards
// map onto them.
type Permission string

// The permissions (UK Open Banking Read/Write API, account-access-consents).
const (
	ReadAccountsBasic           Permission = "ReadAccountsBasic"
	ReadAccountsDetail          Permission = "ReadAccountsDetail"
	ReadBalances                Permission = "ReadBalances"
	ReadBeneficiariesBasic      Permission = "ReadBeneficiariesBasic"
	ReadBeneficiariesDetail     Permission = "ReadBeneficiariesDetail"
	ReadDirectDebits            Permission = "ReadDirectDebits"
	ReadOffers                  Permission = "ReadOffers"
	ReadPAN                     Permission = "ReadPAN"
	ReadParty                   Permission = "ReadParty"
	ReadPartyPSU                Permission = "ReadPartyPSU"
	ReadProducts                Permission = "ReadProducts"
	ReadScheduledPaymentsBasic  Permission = "ReadScheduledPaymentsBasic"
	ReadScheduledPaymentsDetail Permission = "ReadScheduledPaymentsDetail"
	ReadStandingOrdersBasic     Permission = "ReadStandingOrdersBasic"
	ReadStandingOrdersDetail    Permission = "ReadStandingOrdersDetail"
	ReadStatementsBasic         Permission = "ReadStatementsBasic"
	ReadStatementsDetail        Permission = "ReadStatementsDetail"
	ReadTransactionsBasic       Permission = "ReadTransactionsBasic"
	ReadTransactionsCredits     Permission = "ReadTransactionsCredits"
	ReadTransactionsDebits      Permission = "ReadTransactionsDebits"
	ReadTransactionsDetail      Permission = "ReadTransactionsDetail"
)

// Purpose is what a consent is for: [Access], [Payment] or [Funds]. All three
// take the same journey.
type Purpose interface{ purpose() }

// Access asks to read accounts. A zero time is no limit.
type Access struct {
	Permissions []Permission
	Expires     time.Time
	From        time.Time // transactions booked from here …
	To          time.Time // … to here
	Version     string    // of the API that it was asked through, "v4.0": no older one serves it; empty for any
}

func (Access) purpose() {}

// PSU is what the platform knows of the user who is present. Zero when nobody
// is.
type PSU struct {
	IP        string
	UserAgent string
}

// Intent starts a consent journey. The platform makes State and Nonce, stores
// and checks them; a connector only carries them.
type Intent struct {
	Purpose     Purpose
	State       string
	Nonce       string
	Verifier    Secret // PKCE code verifier
	RedirectURI string
	PSU         PSU
	ConsentID   string // a consent to be authorised again; empty for a new one
}

// Phase is how far a journey has come.
type Phase string

// The phases.
const (
	PhaseAwaitingUser Phase = "awaiting_user"
	PhaseAuthorised   Phase = "authorised"
	PhaseRefused      Phase = "refused"
)

// Authorization is where a journey stands: send the user to Redirect, or, once
// authorised, use Grant.
type Authorization struct {
	Phase     Phase
	ConsentID string // the bank's
	Redirect  string
	Reason    string // why it was refused, for the user
	Grant     Grant
}

// Callback is what came back to the redirect URI: the parameters of the query
// or of the fragment.
type Callback struct{ Params url.Values }

// Grant is what a finished journey gave: the tokens for one consent. It is
// sealed at rest.
type Grant struct {
	ConsentID    string    `json:"consentId"`
	AccessToken  string    `json:"accessToken"`
	RefreshToken string    `json:"refreshToken,omitempty"`
	Expires      time.Time `json:"expires,omitzero"` // of the access token; zero when it does not expire
	Scope        string    `json:"scope,omitempty"`
}

// String keeps tokens out of logs.
func (g Grant) String() string { return "grant " + sealedText + " for consent " + g.ConsentID }

// GoString keeps tokens out of %#v.
func (g Grant) GoString() string { return g.String() }

// ConsentStatus is the state of a consent at the bank.
type ConsentStatus string

// The states. UK Open Banking v4.0 writes them AWAU, AUTH, RJCT, CANC, EXPD.
const (
	ConsentAwaiting   ConsentStatus = "awaiting_authorisation"
	ConsentAuthorised ConsentStatus = "authorised"
	ConsentRejected   ConsentStatus = "rejected"
	ConsentRevoked    ConsentStatus = "revoked"
	ConsentExpired    ConsentStatus = "expired"
)

// Consent is one consent as the bank holds it.
type Consent struct {
	ID       string
	TPP      TPP
	Status   ConsentStatus
	Access   Access
	Customer string   // who authorised it; empty before
	Accounts []string // which accounts they chose
	Created  time.Time
	Updated  time.Time // when the status last changed
}

// Allows reports whether the consent holds any of the permissions.
func (c Consent) Allows(of ...Permission) bool {
	for _, have := range c.Access.Permissions {
		for _, want := range of {
			if have == want {
				return true
			}
		}
	}
	return false
}

// TPP is a third-party provider as a bank knows it.
type TPP struct {
	ClientID       string
	OrganisationID string // organizationIdentifier of its certificates, "PSDGB-FCA-123456"
	Name           string
}

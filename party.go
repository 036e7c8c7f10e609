package onepoint

// PartyType is how a party stands to an account.
type PartyType string

// The types (UK Open Banking, OBExternalPartyType1Code).
const (
	PartySole     PartyType = "sole"
	PartyJoint    PartyType = "joint"
	PartyDelegate PartyType = "delegate"
)

// Address is a postal address.
type Address struct {
	Street   string `json:"street,omitempty"`
	Building string `json:"building,omitempty"` // its number
	PostCode string `json:"postCode,omitempty"`
	Town     string `json:"town,omitempty"`
	Country  string `json:"country,omitempty"` // ISO 3166-1, two letters
}

// Party is a person or a business that holds an account (UK Open Banking,
// OBParty2). Phone and Mobile are in the form +44-2079460123.
type Party struct {
	ID        string    `json:"id"`
	Number    string    `json:"number,omitempty"` // the bank's customer number
	Type      PartyType `json:"type,omitempty"`
	Name      string    `json:"name,omitempty"`
	LegalName string    `json:"legalName,omitempty"`
	Structure string    `json:"structure,omitempty"` // OBExternalLegalStructureType1Code without its name space: "Individual", "Sole"
	Role      string    `json:"role,omitempty"`      // OBExternalAccountRole1Code without its name space: "Principal"
	Email     string    `json:"email,omitempty"`
	Phone     string    `json:"phone,omitempty"`
	Mobile    string    `json:"mobile,omitempty"`
	Address   Address   `json:"address,omitzero"`
}

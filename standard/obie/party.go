package obie

import (
	"strings"

	"github.com/onepointledger/onepoint"
)

// nameSpace is that of the standard's own code lists.
const nameSpace = "UK.OBIE."

type wirePartyData struct {
	Party *wireParty `json:"Party,omitempty"`
}

type wireParties struct {
	Party []wireParty `json:"Party"`
}

type wireParty struct {
	PartyID        string             `json:"PartyId"`
	PartyNumber    string             `json:"PartyNumber,omitempty"`
	PartyType      string             `json:"PartyType,omitempty"`
	Name           string             `json:"Name,omitempty"`
	FullLegalName  string             `json:"FullLegalName,omitempty"`
	LegalStructure string             `json:"LegalStructure,omitempty"`
	AccountRole    string             `json:"AccountRole,omitempty"`
	EmailAddress   string             `json:"EmailAddress,omitempty"`
	Phone          string             `json:"Phone,omitempty"`
	Mobile         string             `json:"Mobile,omitempty"`
	Relationships  *wireRelationships `json:"Relationships,omitempty"`
	Address        []wireAddress      `json:"Address,omitempty"`
}

type wireRelationships struct {
	Account wireRelated `json:"Account"`
}

type wireRelated struct {
	Related string `json:"Related"` // an address
	ID      string `json:"Id"`
}

type wireAddress struct {
	AddressType    string `json:"AddressType,omitempty"`
	StreetName     string `json:"StreetName,omitempty"`
	BuildingNumber string `json:"BuildingNumber,omitempty"`
	PostCode       string `json:"PostCode,omitempty"`
	TownName       string `json:"TownName,omitempty"`
	Country        string `json:"Country"`
}

func partyTypes() []pair[onepoint.PartyType] {
	return []pair[onepoint.PartyType]{
		{onepoint.PartySole, "Sole"},
		{onepoint.PartyJoint, "Joint"},
		{onepoint.PartyDelegate, "Delegate"},
	}
}

// personToWire writes a party; account is the one it is asked about, with its
// address, or empty.
func (c codec) personToWire(p onepoint.Party, account, address string) wireParty {
	w := wireParty{
		PartyID: p.ID, PartyNumber: p.Number, PartyType: toWire(partyTypes(), p.Type, ""), Name: p.Name, FullLegalName: p.LegalName,
		LegalStructure: prefixed(p.Structure), AccountRole: prefixed(p.Role), EmailAddress: p.Email, Phone: p.Phone, Mobile: p.Mobile,
	}
	if account != "" {
		w.Relationships = &wireRelationships{wireRelated{address, account}}
	}
	if a := p.Address; a.Country != "" {
		home := "HOME"
		if c.legacy {
			home = "Residential"
		}
		w.Address = []wireAddress{{home, a.Street, a.Building, a.PostCode, a.Town, a.Country}}
	}
	return w
}

func prefixed(code string) string {
	if code == "" {
		return ""
	}
	return nameSpace + code
}

func (c codec) personFromWire(w wireParty) (onepoint.Party, error) {
	p := onepoint.Party{
		ID: w.PartyID, Number: w.PartyNumber, Type: fromWire(partyTypes(), w.PartyType, ""), Name: w.Name, LegalName: w.FullLegalName,
		Structure: strings.TrimPrefix(w.LegalStructure, nameSpace), Role: strings.TrimPrefix(w.AccountRole, nameSpace),
		Email: w.EmailAddress, Phone: w.Phone, Mobile: w.Mobile,
	}
	if len(w.Address) > 0 {
		a := w.Address[0]
		p.Address = onepoint.Address{Street: a.StreetName, Building: a.BuildingNumber, PostCode: a.PostCode, Town: a.TownName, Country: a.Country}
	}
	return p, nil
}

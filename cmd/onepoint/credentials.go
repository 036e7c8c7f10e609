package main

import (
	"cmp"
	"slices"

	"github.com/onepointledger/onepoint/tpp"
)

// credentials are the credential sets that a human keeps by hand.
func (p *platformSide) credentials() *tpp.Credentials {
	banks := map[string][]tpp.CredentialBank{}
	for _, profile := range p.banks.profiles {
		banks[profile.Group()] = append(banks[profile.Group()], tpp.CredentialBank{ID: profile.ID, Name: profile.Name})
	}
	for _, group := range banks {
		slices.SortFunc(group, func(a, b tpp.CredentialBank) int { return cmp.Compare(a.ID, b.ID) })
	}
	return &tpp.Credentials{
		Vault: p.keys, Registrations: p.db, Audit: p.audit, Banks: banks, Changed: p.banks.reopen, Now: p.config.Now,
	}
}

// reopen makes the next use of a bank open it anew, with the credentials as they
// are then.
func (r *registry) reopen(workspace, bank string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := workspace + "|" + bank
	if old, ok := r.opened[key]; ok {
		old.idle.CloseIdleConnections()
		delete(r.opened, key)
	}
}

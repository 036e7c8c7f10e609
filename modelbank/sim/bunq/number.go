package bunq

import (
	"context"

	"github.com/onepointledger/onepoint"
)

// Kinds of the core's ids that have numbers here.
const (
	accountKind = "account"
	userKind    = "user" // customers; providers and grants count in the same row
)

// maxRows bounds the lists that are read as a whole.
const maxRows = 100_000

// numberOf is the number of a core's id, given out on first use.
func (s *Server) numberOf(ctx context.Context, kind, id string) (int64, error) {
	n, err := s.numbers.Get(ctx, kind+"/"+id)
	if onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return n, err
	}
	if n, err = s.next(ctx, kind); err != nil {
		return 0, err
	}
	// The way back comes first: a number that is known leads somewhere.
	if err := s.names.Add(ctx, kind+"/"+key(n), "", id); err != nil {
		return 0, err
	}
	err = s.numbers.Add(ctx, kind+"/"+id, "", n)
	if onepoint.CodeOf(err) == onepoint.CodeConflict { // somebody was faster
		return s.numbers.Get(ctx, kind+"/"+id)
	}
	return n, err
}

// AccountNumber is the id under which the API shows an account of the core.
func (s *Server) AccountNumber(ctx context.Context, account string) (int64, error) {
	return s.numberOf(ctx, accountKind, account)
}

// accountOf is the core's id of a number that the caller may see.
func (s *Server) accountOf(ctx context.Context, c *call) (string, error) {
	if err := s.owns(ctx, c); err != nil {
		return "", err
	}
	n, err := c.number("a")
	if err != nil {
		return "", err
	}
	id, err := s.names.Get(ctx, accountKind+"/"+key(n))
	if err != nil {
		return "", err
	}
	if c.grant == nil || !c.grant.shares(id) {
		return "", missing()
	}
	return id, nil
}

func (g *grant) shares(account string) bool {
	for _, a := range g.Accounts {
		if a == account {
			return true
		}
	}
	return false
}

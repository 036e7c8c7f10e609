package tpp

import (
	"context"

	"github.com/onepointledger/onepoint"
)

// Banks opens a bank for one workspace: it knows profiles, drivers and the
// vault. Errors: [onepoint.CodeNotFound] for an unknown bank,
// [onepoint.CodeConflict] from Connector when the workspace is not registered
// there.
type Banks interface {
	Bank(id string) (BankFacts, error)
	Connector(ctx context.Context, workspace, bank string) (onepoint.Connector, error)
	Onboarder(ctx context.Context, workspace, bank string) (onepoint.Onboarder, error)
}

// BankFacts is what the use cases need of a bank's profile.
type BankFacts struct {
	Name        string
	ConsentDays int  // how long a consent may last; 0 for no limit
	HistoryDays int  // how far back transactions go; 0 for all there is
	OverlapDays int  // how far a sync looks back over what it has
	StableIDs   bool // the bank's transaction ids never change
}

// Sealer encrypts what must not lie open in a database; bind ties the bytes to
// the row they belong to. The vault implements it.
type Sealer interface {
	Seal(ctx context.Context, workspace string, plain, bind []byte) ([]byte, error)
	Unseal(ctx context.Context, workspace string, sealed, bind []byte) ([]byte, error)
}

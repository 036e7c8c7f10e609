package onepoint

import "time"

// StatementType is why a statement was made.
type StatementType string

// The types (UK Open Banking, OBExternalStatementType1Code).
const (
	StatementRegular StatementType = "regular"
	StatementInterim StatementType = "interim"
	StatementAnnual  StatementType = "annual"
	StatementOpening StatementType = "opening"
	StatementClosing StatementType = "closing"
)

// Statement is what the bank summed up of an account for a period (UK Open
// Banking, OBStatement2). Opening, Closing, Credits and Debits are empty for a
// consent without detail; Opening and Closing are signed, and Credits and Debits
// positive, as are Fees and Interest. Interest was paid to the account's holder.
type Statement struct {
	ID        string
	Account   string
	Reference string
	Type      StatementType
	Start     time.Time
	End       time.Time // the last instant that belongs to it
	Created   time.Time
	Opening   Money
	Closing   Money
	Credits   Money
	Debits    Money
	Fees      Money
	Interest  Money
}

// StatementQuery asks for statements that lie in From … To, both inclusive civil
// dates at the bank, either open when zero.
type StatementQuery struct {
	From Date
	To   Date
}

// Document is a file of the bank's, such as a statement to print.
type Document struct {
	Name      string // to save it under
	MediaType string
	Content   []byte
}

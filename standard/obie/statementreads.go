package obie

import (
	"context"
	"net/http"

	"github.com/onepointledger/onepoint"
)

const (
	fromStatement = "fromStatementDateTime"
	toStatement   = "toStatementDateTime"
)

// fileMedia are the forms in which a statement can be had, the usual one first.
func fileMedia() []string { return []string{"application/pdf", "text/plain"} }

func (a *api) statements(r *http.Request) (int, any, error) {
	v := r.URL.Query()
	read := func(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Statement, error) {
		from, err := a.filter(v, fromStatement)
		if err != nil {
			return nil, err
		}
		to, err := a.filter(v, toStatement)
		if err != nil {
			return nil, err
		}
		if !to.IsZero() && to.Before(from) {
			return nil, fieldInvalid(toStatement, "lies before "+fromStatement)
		}
		list, err := a.Bank.Statements(ctx, c, account, onepoint.StatementQuery{From: a.codec.date(from), To: a.codec.date(to)})
		if err != nil {
			return nil, err
		}
		kept := list[:0]
		for _, s := range list { // the bank's query knows days, the standard's instants
			if !s.Start.Before(from) && (to.IsZero() || !s.End.After(to)) {
				kept = append(kept, s)
			}
		}
		return kept, nil
	}
	return listing(a, r, read, a.codec.statementToWire, func(l []wireStatement) wireStatements { return wireStatements{l} })
}

func (a *api) statement(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	s, err := a.Bank.Statement(r.Context(), consent, r.PathValue("account"), r.PathValue("statement"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, page(a.Server, r, wireStatements{[]wireStatement{a.codec.statementToWire(s)}}), nil
}

func (a *api) statementTransactions(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	q, err := a.query(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	account := r.PathValue("account")
	got, err := a.Bank.StatementTransactions(r.Context(), consent, account, r.PathValue("statement"), q)
	if err != nil {
		return 0, nil, err
	}
	return a.transactionPage(r, account, got)
}

func (a *api) statementFile(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	media := accepted(r.Header.Get("Accept"), fileMedia()...)
	if media == "" {
		return 0, nil, &refusal{status: http.StatusNotAcceptable, msg: "a statement is application/pdf or text/plain", path: "Accept"}
	}
	d, err := a.Bank.StatementFile(r.Context(), consent, r.PathValue("account"), r.PathValue("statement"), media)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, d, nil
}

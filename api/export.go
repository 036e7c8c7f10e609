package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

type exportInput struct {
	FilterInput
	Format string `query:"format" enum:"csv,jsonl" default:"csv"`
}

// export streams every transaction that the filter selects, a page at a time: it
// holds no more than one page, however long the ledger is.
func (a *API) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	f.Limit = maxLimit
	workspace := principal(ctx).Workspace
	rows, next, err := a.Books.Transactions(ctx, workspace, f) // the first page shows faults before the answer begins
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		media := map[string]string{"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}[in.Format]
		hc.SetHeader("Content-Type", media)
		hc.SetHeader("Content-Disposition", fmt.Sprintf(`attachment; filename="transactions.%s"`, in.Format))
		write := rowWriter(in.Format, hc.BodyWriter())
		for {
			for _, t := range rows {
				if err := write(transactionResource(t)); err != nil {
					return // the reader has gone
				}
			}
			if next == "" {
				return
			}
			f.Cursor = next
			if rows, next, err = a.Books.Transactions(ctx, workspace, f); err != nil {
				a.Log.ErrorContext(ctx, "export broke off", "id", requestID(ctx), "error", err)
				panic(http.ErrAbortHandler) // a cut connection, not a short file that looks whole
			}
		}
	}}, nil
}

func rowWriter(format string, w io.Writer) func(Transaction) error {
	if format == "jsonl" {
		enc := json.NewEncoder(w)
		return func(t Transaction) error { return enc.Encode(t) }
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	header := []string{
		"id", "account", "status", "booking_date", "value_date", "amount", "currency", "information",
		"counterparty", "counterparty_account", "merchant", "reference", "bank_id",
	}
	first := true
	return func(t Transaction) error {
		if first {
			first = false
			if err := out.Write(header); err != nil {
				return err
			}
		}
		err := out.Write([]string{
			t.ID, t.Account, t.Status, t.BookingDate, t.ValueDate, t.Amount.Decimal(), string(t.Amount.Currency),
			inert(t.Information), inert(t.Counterparty.Name), inert(t.Counterparty.Identifier.Value),
			inert(t.Merchant.Name), inert(t.Reference), inert(t.BankID),
		})
		out.Flush()
		return err
	}
}

// inert keeps a spreadsheet from taking a bank's text for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

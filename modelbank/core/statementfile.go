package core

import (
	"context"
	"fmt"
	"strings"

	"github.com/onepointledger/onepoint"
)

// The media types of a statement's file.
const (
	MediaPDF  = "application/pdf"
	MediaText = "text/plain"
)

// StatementFile writes a statement to keep, in one of the media types above, with
// every entry of its period. The account is as the reader may see it.
// CodeInvalid for another media type.
func (c *Core) StatementFile(ctx context.Context, a onepoint.Account, s onepoint.Statement, media string) (onepoint.Document, error) {
	const op = "write statement"
	d := onepoint.Document{Name: "statement-" + s.Reference, MediaType: media}
	if media != MediaPDF && media != MediaText {
		return d, onepoint.Missing(op, "media", "must be "+MediaPDF+" or "+MediaText)
	}
	entries, err := c.store.Entries(ctx, s.Account, Range{From: s.Start, Before: s.Start.AddDate(0, 1, 0), Booked: true})
	if err != nil {
		return d, onepoint.E("", op, "", err)
	}
	lines := c.statementLines(a, s, entries)
	if media == MediaPDF {
		d.Name, d.Content = d.Name+".pdf", pdf("Statement "+s.Reference, lines)
		return d, nil
	}
	d.Name, d.Content = d.Name+".txt", []byte(strings.Join(lines, "\n")+"\n")
	return d, nil
}

func (c *Core) statementLines(a onepoint.Account, s onepoint.Statement, entries []Entry) []string {
	lines := []string{"STATEMENT " + s.Reference, "", a.Product}
	if a.Holder != "" {
		lines = append(lines, a.Holder)
	}
	for _, id := range a.Identifiers {
		lines = append(lines, fmt.Sprintf("%s %s", id.Scheme, id.Value))
	}
	lines = append(lines, "",
		fmt.Sprintf("Period             %s to %s", onepoint.DateOf(s.Start.In(c.zone)), onepoint.DateOf(s.End.In(c.zone))),
		amountLine("Opening balance", s.Opening), amountLine("Paid in", s.Credits), amountLine("Paid out", s.Debits),
		amountLine("Closing balance", s.Closing), "")
	for i := len(entries) - 1; i >= 0; i-- { // a statement to read begins with the oldest
		e := entries[i]
		text := []rune(e.Information)
		const room = 48
		if len(text) > room {
			text = text[:room]
		}
		lines = append(lines, fmt.Sprintf("%s  %-*s %14s %14s", onepoint.DateOf(e.BookedAt.In(c.zone)), room, string(text), e.Amount.Decimal(), e.BalanceAfter.Decimal()))
	}
	return append(lines, "", fmt.Sprintf("%d entries. Amounts in %s.", len(entries), a.Currency))
}

func amountLine(label string, m onepoint.Money) string {
	return fmt.Sprintf("%-18s %14s", label, m.Decimal())
}

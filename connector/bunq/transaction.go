package bunq

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/onepointledger/onepoint"
)

const (
	maxPage    = 200 // bunq's
	kindOfRows = "Payment"
)

type wireParty struct {
	IBAN         string `json:"iban"`
	DisplayName  string `json:"display_name"`
	MerchantCode string `json:"merchant_category_code"`
}

type wirePayment struct {
	ID           json.Number `json:"id"`
	Created      string      `json:"created"`
	Amount       wireMoney   `json:"amount"`
	Description  string      `json:"description"`
	Type         string      `json:"type"`
	SubType      string      `json:"sub_type"`
	Counterparty wireParty   `json:"counterparty_alias"`
	Reference    string      `json:"merchant_reference"`
	After        *wireMoney  `json:"balance_after_mutation"`
}

// payment reads one row. bunq shows booked payments only and gives one instant
// for them; their date is that of the bank's own zone.
func (c *Connector) payment(el element) (onepoint.Transaction, error) {
	var w wirePayment
	if err := el.decode(&w); err != nil {
		return onepoint.Transaction{}, err
	}
	if el.Kind != kindOfRows || !isNumber(w.ID.String()) {
		return onepoint.Transaction{}, broken("a payment", nil)
	}
	money, err := w.Amount.money()
	if err != nil {
		return onepoint.Transaction{}, err
	}
	at, err := instant(w.Created)
	if err != nil {
		return onepoint.Transaction{}, err
	}
	t := onepoint.Transaction{
		ID: w.ID.String(), Reference: w.Reference, Status: onepoint.StatusBooked, Amount: money,
		BookingDate: onepoint.DateOf(at.In(c.zone)), BookedAt: at.In(c.zone), Information: w.Description,
		Counterparty: onepoint.Counterparty{Name: w.Counterparty.DisplayName}, ProprietaryCode: codeOfKind(w.Type, w.SubType),
		Raw: el.Whole,
	}
	if w.Counterparty.IBAN != "" {
		t.Counterparty.Identifier = onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: w.Counterparty.IBAN}
	}
	if code := w.Counterparty.MerchantCode; code != "" {
		t.Merchant = onepoint.Merchant{Name: w.Counterparty.DisplayName, CategoryCode: code}
		t.Counterparty = onepoint.Counterparty{}
	}
	if w.After != nil {
		after, err := w.After.money()
		if err != nil {
			return onepoint.Transaction{}, err
		}
		t.BalanceAfter = &onepoint.Balance{Type: onepoint.BalanceInterimBooked, Amount: after, At: t.BookedAt}
	}
	return t, nil
}

// codeOfKind joins bunq's type and sub type: "EBA_SCT/SCT".
func codeOfKind(kind, sub string) string {
	if sub == "" {
		return kind
	}
	return kind + "/" + sub
}

// Transactions implements onepoint.AccountReader: newest first. The cursor is the
// id of the oldest payment of the page before. bunq does not select by date, so
// a page may show fewer payments than it held, and pages end where all that
// follows is older than q.From.
func (c *Connector) Transactions(ctx context.Context, g onepoint.Grant, account string, q onepoint.TransactionQuery) (onepoint.TransactionPage, error) {
	const op = opPayments
	path, err := accountPath(account)
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	count := maxPage
	if q.Limit > 0 {
		count = min(q.Limit, maxPage)
	}
	path += "/payment?count=" + strconv.Itoa(count)
	if q.Cursor != "" {
		if !isNumber(q.Cursor) {
			return onepoint.TransactionPage{}, onepoint.Missing(op, "cursor", "must be one that came with a former page")
		}
		path += "&older_id=" + q.Cursor
	}
	e, err := c.asUser(ctx, g, request{op: op, method: http.MethodGet, path: path})
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	page := onepoint.TransactionPage{Transactions: make([]onepoint.Transaction, 0, len(e.Elements))}
	past := false // the oldest row lies before q.From
	for _, el := range e.Elements {
		t, err := c.payment(el)
		if err != nil {
			return onepoint.TransactionPage{}, err
		}
		past = !q.From.IsZero() && t.BookingDate.Before(q.From)
		if !past && (q.To.IsZero() || !q.To.Before(t.BookingDate)) {
			page.Transactions = append(page.Transactions, t)
		}
	}
	if past {
		return page, nil
	}
	page.Next, err = nextCursor(e, q.Cursor)
	return page, err
}

// nextCursor is where the next page begins; it must lie further back, or pages
// would go in circles.
func nextCursor(e envelope, before string) (string, error) {
	next, err := e.olderID()
	if err != nil || next == "" || before == "" {
		return next, err
	}
	was, errWas := strconv.ParseInt(before, 10, 64)
	is, errIs := strconv.ParseInt(next, 10, 64)
	if errWas != nil || errIs != nil || is >= was {
		return "", broken("the next page", nil)
	}
	return next, nil
}

package op

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/onepointledger/onepoint"
)

// cardPrefix tells a card's id from an account's: they have paths of their own.
const cardPrefix = "card:"

type account struct {
	ID         string `json:"accountId"`
	Product    string `json:"productName"`
	Scheme     string `json:"identifierSchema"`
	Identifier string `json:"identifier"`
	Owner      string `json:"owner"`
	Net        string `json:"netBalance"`
	Gross      string `json:"grossBalance"`
	Currency   string `json:"currency"`
}

type card struct {
	ID      string `json:"cardId"`
	Product string `json:"productName"`
	Number  string `json:"cardNumber"`
}

func (c *Client) read(ctx context.Context, op string, g onepoint.Grant, path string, answer any) error {
	return c.call(ctx, request{op: op, method: http.MethodGet, url: c.Profile.Endpoints.Resource + path, token: g.AccessToken}, answer)
}

// Accounts implements [onepoint.AccountReader]: accounts, then cards.
func (c *Client) Accounts(ctx context.Context, g onepoint.Grant) ([]onepoint.Account, error) {
	const op = "read accounts"
	var accounts []account
	if err := c.read(ctx, op, g, "/accounts", &accounts); err != nil {
		return nil, err
	}
	var cards []card
	if err := c.read(ctx, op, g, "/cards", &cards); err != nil {
		return nil, err
	}
	out := make([]onepoint.Account, 0, len(accounts)+len(cards))
	for _, a := range accounts {
		if a.ID == "" || !onepoint.Currency(a.Currency).Valid() {
			return nil, onepoint.E(onepoint.CodeProtocol, op, "OP's answer holds an account without id or currency", nil)
		}
		scheme := onepoint.SchemeIBAN
		if a.Scheme != "IBAN" {
			scheme = onepoint.SchemeBBAN
		}
		out = append(out, onepoint.Account{
			ID: a.ID, Identifiers: []onepoint.Identifier{{Scheme: scheme, Value: a.Identifier}}, Currency: onepoint.Currency(a.Currency),
			Type: onepoint.AccountOther, Product: a.Product, Holder: a.Owner,
		})
	}
	for _, k := range cards {
		out = append(out, onepoint.Account{
			ID: cardPrefix + k.ID, Identifiers: []onepoint.Identifier{{Scheme: onepoint.SchemePAN, Value: k.Number}},
			Currency: "EUR", Type: onepoint.AccountCard, Product: k.Product, // OP does not say a card's currency
		})
	}
	return out, nil
}

// Balances implements [onepoint.AccountReader]. OP shows none of cards.
func (c *Client) Balances(ctx context.Context, g onepoint.Grant, id string) ([]onepoint.Balance, error) {
	const op = "read balances"
	if strings.HasPrefix(id, cardPrefix) {
		return nil, nil
	}
	var a account
	if err := c.read(ctx, op, g, "/accounts/"+url.PathEscape(id), &a); err != nil {
		return nil, err
	}
	var out []onepoint.Balance
	for _, b := range []struct {
		kind onepoint.BalanceType
		text string
	}{{onepoint.BalanceInterimBooked, a.Gross}, {onepoint.BalanceInterimAvailable, a.Net}} {
		if b.text == "" {
			continue
		}
		m, err := onepoint.ParseMoney(b.text, onepoint.Currency(a.Currency))
		if err != nil {
			return nil, onepoint.E(onepoint.CodeProtocol, op, "OP's answer holds a malformed amount", err)
		}
		out = append(out, onepoint.Balance{Type: b.kind, Amount: m, At: c.Now()})
	}
	return out, nil
}

type page struct {
	Transactions []json.RawMessage `json:"transactions"`
	Continuation string            `json:"continuationToken"`
	Links        struct {
		Next struct {
			Href string `json:"href"`
		} `json:"next"`
	} `json:"links"`
}

// next is the token of the next page; some pages only link to it.
func (p page) next() string {
	if p.Continuation != "" || p.Links.Next.Href == "" {
		return p.Continuation
	}
	u, err := url.Parse(p.Links.Next.Href)
	if err != nil {
		return ""
	}
	return u.Query().Get("continuationToken")
}

// Transactions implements [onepoint.AccountReader]. OP takes no dates: pages come
// newest first, and reading stops where the window begins.
func (c *Client) Transactions(ctx context.Context, g onepoint.Grant, id string, q onepoint.TransactionQuery) (onepoint.TransactionPage, error) {
	const op = "read transactions"
	path, convert := "/accounts/"+url.PathEscape(id), c.transaction
	if rest, ok := strings.CutPrefix(id, cardPrefix); ok {
		path, convert = "/cards/"+url.PathEscape(rest), c.cardTransaction
	}
	path += "/transactions"
	if q.Cursor != "" {
		path += "?continuationToken=" + url.QueryEscape(q.Cursor)
	}
	var p page
	if err := c.read(ctx, op, g, path, &p); err != nil {
		return onepoint.TransactionPage{}, err
	}
	out := onepoint.TransactionPage{Next: p.next()}
	for _, raw := range p.Transactions {
		t, err := convert(raw)
		if err != nil {
			return onepoint.TransactionPage{}, onepoint.E(onepoint.CodeProtocol, op, "OP's answer holds a malformed transaction", err)
		}
		t.Raw = raw
		if !q.From.IsZero() && t.BookingDate.Before(q.From) {
			out.Next = ""
			continue
		}
		if !q.To.IsZero() && q.To.Before(t.BookingDate) {
			continue
		}
		out.Transactions = append(out.Transactions, t)
	}
	return out, nil
}

type party struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
	Servicer   string `json:"servicer"`
}

func (c *Client) transaction(raw json.RawMessage) (t onepoint.Transaction, err error) {
	var w struct {
		ArchiveID   string        `json:"archiveId"`
		Message     string        `json:"message"`
		Reference   string        `json:"reference"`
		Amount      string        `json:"amount"`
		Currency    string        `json:"currency"`
		BookingDate onepoint.Date `json:"bookingDate"`
		ValueDate   onepoint.Date `json:"valueDate"`
		Payer       party         `json:"payer"`
		Recipient   party         `json:"recipient"`
		Description string        `json:"proprietaryTransactionDescription"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return t, err
	}
	money, err := onepoint.ParseMoney(w.Amount, onepoint.Currency(w.Currency))
	if err != nil {
		return t, err
	}
	who := w.Payer
	if money.IsNegative() {
		who = w.Recipient
	}
	t = onepoint.Transaction{
		ID: w.ArchiveID, Reference: w.Reference, Status: onepoint.StatusBooked, Amount: money, BookingDate: w.BookingDate, ValueDate: w.ValueDate,
		Information: w.Message, Counterparty: onepoint.Counterparty{Name: who.Name, Agent: who.Servicer}, ProprietaryCode: w.Description,
	}
	if who.Identifier != "" {
		t.Counterparty.Identifier = onepoint.Identifier{Scheme: schemeOf(who.Identifier), Value: who.Identifier}
	}
	return t, nil
}

// schemeOf tells an IBAN by its shape; OP does not say.
func schemeOf(identifier string) onepoint.IdentifierScheme {
	if len(identifier) >= 15 && identifier[0] >= 'A' && identifier[0] <= 'Z' && identifier[1] >= 'A' && identifier[1] <= 'Z' {
		return onepoint.SchemeIBAN
	}
	return onepoint.SchemeOther
}

func (c *Client) cardTransaction(raw json.RawMessage) (t onepoint.Transaction, err error) {
	var w struct {
		Description      string        `json:"description"`
		Amount           string        `json:"amount"`
		Currency         string        `json:"currency"`
		OriginalAmount   string        `json:"originalAmount"`
		OriginalCurrency string        `json:"originalCurrency"`
		PostingDate      onepoint.Date `json:"postingDate"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return t, err
	}
	money, err := onepoint.ParseMoney(w.Amount, onepoint.Currency(w.Currency))
	if err != nil {
		return t, err
	}
	t = onepoint.Transaction{
		Status: onepoint.StatusBooked, Amount: money, BookingDate: w.PostingDate, ValueDate: w.PostingDate, Information: w.Description,
	}
	if w.OriginalAmount != "" {
		original, err := onepoint.ParseMoney(w.OriginalAmount, onepoint.Currency(w.OriginalCurrency))
		if err != nil {
			return t, err
		}
		t.Exchange = &onepoint.Exchange{Instructed: original}
	}
	return t, nil
}

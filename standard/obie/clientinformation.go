package obie

import (
	"context"
	"mime"
	"net/http"
	"net/url"

	"github.com/onepointledger/onepoint"
)

// maxPages bounds how many pages a list of one call may have.
const maxPages = 100

// readAll reads a list with all its pages and turns each of it with read.
func readAll[D, W, T any](ctx context.Context, c *Client, op, address string, g onepoint.Grant, pick func(D) []W, read func(W) (T, error)) ([]T, error) {
	var list []T
	for range maxPages {
		var answer wirePage[D]
		if err := c.call(ctx, op, http.MethodGet, address, g.AccessToken, nil, &answer); err != nil {
			return nil, err
		}
		for _, w := range pick(answer.Data) {
			v, err := read(w)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		if answer.Links.Next == "" {
			return list, nil
		}
		var err error
		if address, err = c.follow(answer.Links.Next); err != nil {
			return nil, err
		}
	}
	return nil, onepoint.E(onepoint.CodeProtocol, op, "the bank's list does not end", nil)
}

// listURL is a list of one account, or of all that the user shared when account
// is empty.
func (c *Client) listURL(account, resource string) string {
	if account == "" {
		return c.Resource + "/" + resource
	}
	return c.accountURL(account) + "/" + resource
}

// Beneficiaries returns the payees kept with an account, or with every shared
// one when account is empty. The errors are those of [onepoint.AccountReader],
// as for every method below.
func (c *Client) Beneficiaries(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.Beneficiary, error) {
	return readAll(ctx, c, "read beneficiaries", c.listURL(account, "beneficiaries"), g,
		func(d wireBeneficiaries) []wireBeneficiary { return d.Beneficiary }, c.codec.beneficiaryFromWire)
}

// DirectDebits returns the mandates on an account, or on every shared one.
func (c *Client) DirectDebits(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.DirectDebit, error) {
	return readAll(ctx, c, "read direct debits", c.listURL(account, "direct-debits"), g,
		func(d wireDirectDebits) []wireDirectDebit { return d.DirectDebit }, c.codec.directDebitFromWire)
}

// StandingOrders returns the standing orders of an account, or of every shared
// one.
func (c *Client) StandingOrders(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.StandingOrder, error) {
	return readAll(ctx, c, "read standing orders", c.listURL(account, "standing-orders"), g,
		func(d wireStandingOrders) []wireStandingOrder { return d.StandingOrder }, c.codec.standingOrderFromWire)
}

// ScheduledPayments returns the payments of an account, or of every shared one,
// that wait for their day.
func (c *Client) ScheduledPayments(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.ScheduledPayment, error) {
	return readAll(ctx, c, "read scheduled payments", c.listURL(account, "scheduled-payments"), g,
		func(d wireScheduledPayments) []wireScheduledPayment { return d.ScheduledPayment }, c.codec.scheduledPaymentFromWire)
}

// Products returns the product behind an account, or behind every shared one.
func (c *Client) Products(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.Product, error) {
	address := c.Resource + "/products"
	if account != "" {
		address = c.accountURL(account) + "/product"
	}
	return readAll(ctx, c, "read products", address, g, func(d wireProducts) []wireProduct { return d.Product }, c.codec.productFromWire)
}

// Offers returns what the bank offers on an account, or on every shared one.
func (c *Client) Offers(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.Offer, error) {
	return readAll(ctx, c, "read offers", c.listURL(account, "offers"), g, func(d wireOffers) []wireOffer { return d.Offer }, c.codec.offerFromWire)
}

// Party returns the user who gave the consent, as the bank knows them.
func (c *Client) Party(ctx context.Context, g onepoint.Grant) (onepoint.Party, error) {
	const op = "read party"
	var answer wirePage[wirePartyData]
	if err := c.call(ctx, op, http.MethodGet, c.Resource+"/party", g.AccessToken, nil, &answer); err != nil {
		return onepoint.Party{}, err
	}
	if answer.Data.Party == nil {
		return onepoint.Party{}, onepoint.E(onepoint.CodeNotFound, op, "the bank names no party", nil)
	}
	return c.codec.personFromWire(*answer.Data.Party)
}

// Parties returns who holds an account.
func (c *Client) Parties(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.Party, error) {
	return readAll(ctx, c, "read parties", c.accountURL(account)+"/parties", g, func(d wireParties) []wireParty { return d.Party }, c.codec.personFromWire)
}

// Statements returns the statements of an account, or of every shared one, that
// lie in the query's dates.
func (c *Client) Statements(ctx context.Context, g onepoint.Grant, account string, q onepoint.StatementQuery) ([]onepoint.Statement, error) {
	v := url.Values{}
	if !q.From.IsZero() {
		v.Set(fromStatement, q.From.String()+"T00:00:00")
	}
	if !q.To.IsZero() {
		v.Set(toStatement, q.To.String()+"T23:59:59")
	}
	address := c.listURL(account, "statements")
	if len(v) > 0 {
		address += "?" + v.Encode()
	}
	return readAll(ctx, c, "read statements", address, g, func(d wireStatements) []wireStatement { return d.Statement }, c.codec.statementFromWire)
}

// StatementFile fetches a statement to keep, as PDF or whatever else the bank
// has.
func (c *Client) StatementFile(ctx context.Context, g onepoint.Grant, account, id string) (onepoint.Document, error) {
	const op = "read file of statement"
	address := c.accountURL(account) + "/statements/" + url.PathEscape(id) + "/file"
	content, media, err := c.exchange(ctx, op, http.MethodGet, address, g.AccessToken, "application/pdf, */*", nil)
	if err != nil {
		return onepoint.Document{}, err
	}
	d := onepoint.Document{Name: "statement", MediaType: media, Content: content}
	if ends, err := mime.ExtensionsByType(media); err == nil && len(ends) > 0 {
		d.Name += ends[0]
	}
	return d, nil
}

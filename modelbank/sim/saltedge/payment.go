package saltedge

import (
	"bytes"
	"net/http"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/httpsig"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// paymentRow is one payment.
type paymentRow struct {
	ID            string
	Client        string
	TPP           string
	Product       string
	Order         berlin.PaymentOrder
	Debtor        string // the account that the TPP named, then the one that pays
	Status        string // transactionStatus
	Reason        string
	Refused       bool // by the bank, when its delay is over
	Redirect      string
	SCA           string
	Authorisation string
	RequestID     string
	Body          []byte
	Ready         time.Time
}

// products are those that this bank offers.
func products() []string {
	return []string{"sepa-credit-transfers", "instant-sepa-credit-transfers", "internal-transfer", "faster-payment-service"}
}

// createPayment takes an order that its user must authorise. The same request
// again is the same payment.
func (s *Server) createPayment(r signedRequest) (int, any, error) {
	product := r.PathValue("product")
	if !slices.Contains(products(), product) {
		return 0, nil, refuse(http.StatusNotFound, "PRODUCT_UNKNOWN", "Payment product was not found")
	}
	row := paymentRow{
		Client: r.TPP.ClientID, TPP: r.TPP.Name, Product: product, Status: "RCVD", SCA: s.uuid(), Body: r.Body,
		RequestID: r.Request.Header.Get(httpsig.HeaderRequestID), Ready: s.Now().Add(s.Delay).UTC(),
	}
	if err := read(r.Body, &row.Order); err != nil {
		return 0, nil, err
	}
	if err := checkOrder(row.Order, product); err != nil {
		return 0, nil, err
	}
	var err error
	if row.Redirect, err = s.redirectURI(r.Request); err != nil {
		return 0, nil, err
	}
	if err := s.findDebtor(r, &row); err != nil {
		return 0, nil, err
	}
	if row, err = s.storePayment(r, row); err != nil {
		return 0, nil, err
	}
	r.Header.Set("ASPSP-SCA-Approach", "REDIRECT")
	r.Header.Set("Location", s.paymentPath(row))
	return http.StatusCreated, berlin.PaymentCreated{ID: row.ID, Status: s.shown(row), Links: s.paymentLinks(row)}, nil
}

// storePayment keeps the payment under its request id: a repetition finds it,
// and may only change where the user returns to.
func (s *Server) storePayment(r signedRequest, row paymentRow) (paymentRow, error) {
	ctx := r.Context()
	var err error
	if row.ID, err = s.numbered(ctx, "payment"); err != nil {
		return row, err
	}
	if row.Authorisation, err = s.numbered(ctx, "authorisation"); err != nil {
		return row, err
	}
	if err := s.visits.Add(ctx, row.SCA, "", errand{Kind: kindPayment, ID: row.ID}); err != nil {
		return row, err
	}
	if err := s.payments.Add(ctx, row.ID, row.Client, row); err != nil {
		return row, err
	}
	key := row.Client + ":" + row.RequestID
	requests := table[string](s, "payment-request")
	err = requests.Add(ctx, key, "", row.ID)
	if onepoint.CodeOf(err) != onepoint.CodeConflict {
		return row, err
	}
	if err := s.payments.Remove(ctx, row.ID); err != nil {
		return row, err
	}
	first, err := requests.Get(ctx, key)
	if err != nil {
		return row, err
	}
	return s.payments.Update(ctx, first, func(p *paymentRow) error {
		if p.Product != row.Product || !bytes.Equal(p.Body, row.Body) {
			return format("Header 'X-Request-ID' was used for another payment")
		}
		if p.Status == "RCVD" {
			p.Redirect = row.Redirect
		}
		return nil
	})
}

func checkOrder(o berlin.PaymentOrder, product string) error {
	m, err := o.Amount.Money()
	if err != nil {
		return format("instructedAmount is invalid")
	}
	minor, err := m.Minor()
	switch {
	case err != nil || minor <= 0:
		return format("instructedAmount must be positive")
	case o.CreditorName == "":
		return format("creditorName is missing")
	case o.CreditorAccount.Identifier().Value == "":
		return format("creditorAccount is missing")
	case product != "internal-transfer" && product != "faster-payment-service" && (m.Currency != "EUR" || o.CreditorAccount.IBAN == ""):
		return format("a SEPA payment is in EUR and to an IBAN")
	case product == "faster-payment-service" && m.Currency != "GBP":
		return format("a Faster Payment is in GBP")
	case len(o.EndToEndID) > 35:
		return format("endToEndIdentification is too long")
	}
	return nil
}

// findDebtor looks the named account up. One that this bank does not hold is
// rejected later, as the engine does.
func (s *Server) findDebtor(r signedRequest, row *paymentRow) error {
	if row.Order.Debtor == nil {
		return nil
	}
	a, err := s.Core.AccountByIdentifier(r.Context(), row.Order.Debtor.Identifier())
	if onepoint.CodeOf(err) == onepoint.CodeNotFound || err == nil && string(a.Currency) != row.Order.Amount.Currency {
		row.Refused = true
		return nil
	}
	row.Debtor = a.ID
	return err
}

func (s *Server) paymentPath(row paymentRow) string {
	return s.api() + "/v1/payments/" + row.Product + "/" + row.ID
}

func (s *Server) paymentLinks(row paymentRow) berlin.Links {
	links := berlin.Links{
		"self":      {Href: s.paymentPath(row)},
		"status":    {Href: s.paymentPath(row) + "/status"},
		"scaStatus": {Href: s.paymentPath(row) + "/authorisations/" + row.Authorisation},
	}
	if s.shown(row) == "RCVD" && !s.Now().Before(row.Ready) {
		links["scaRedirect"] = berlin.Link{Href: s.scaAddress("pisp", row.SCA)}
	}
	return links
}

// shown is the status as the TPP sees it.
func (s *Server) shown(row paymentRow) string {
	if row.Refused && row.Status == "RCVD" && !s.Now().Before(row.Ready) {
		return "RJCT"
	}
	return row.Status
}

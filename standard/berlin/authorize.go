package berlin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	frequencyPerDay = 4
	scaRedirect     = "scaRedirect"
)

// lodged is what the bank says of a consent or a payment that awaits its user.
type lodged struct {
	ConsentID     string `json:"consentId"`
	ConsentStatus string `json:"consentStatus"`
	PaymentID     string `json:"paymentId"`
	PaymentStatus string `json:"transactionStatus"`
	Links         Links  `json:"_links"`
}

func (l lodged) id() string {
	if l.PaymentID != "" {
		return l.PaymentID
	}
	return l.ConsentID
}

func (l lodged) rejected() bool {
	return l.ConsentStatus == ConsentRejected || l.PaymentStatus != "" && PaymentStatusFromWire(l.PaymentStatus) == onepoint.PaymentRejected
}

// Authorize implements onepoint.Connector: it lodges a consent or a payment and
// waits until the bank says where its user goes. A consent cannot be authorised
// again in this protocol: in.ConsentID is passed over, and a new one lodged.
// [onepoint.CodeConsentInvalid] when the bank rejects it at once,
// [onepoint.CodeUnavailable] when it gives no address in time.
func (c *Client) Authorize(ctx context.Context, in onepoint.Intent) (onepoint.Authorization, error) {
	op := call{op: "ask for consent", method: http.MethodPost, header: http.Header{}}
	switch p := in.Purpose.(type) {
	case onepoint.Access:
		op.address, op.body = c.Base+"/consents", c.consentRequest(p)
	case onepoint.Payment:
		order, product, err := c.order(p)
		if err != nil {
			return onepoint.Authorization{}, err
		}
		op.address, op.body, op.id = c.Base+"/payments/"+product, order, RequestID("payment "+p.ID)
	case onepoint.Funds:
		op.address, op.body = c.fundsConsents(), FundsConsentRequest{ReferenceOf(p.Account)}
	default:
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeInvalid, op.op, "this bank is not asked for this", nil)
	}
	back, err := withState(in.RedirectURI, in.State)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	op.header.Set("TPP-Redirect-URI", back)
	op.header.Set("TPP-Redirect-Preferred", "true")
	setPSU(op.header, in.PSU)
	var created lodged
	op.answer = &created
	if err := c.do(ctx, op); err != nil {
		return onepoint.Authorization{}, err
	}
	if created.id() == "" {
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, op.op, "the bank's answer holds no id", nil)
	}
	redirect, err := c.awaitRedirect(ctx, op.address+"/"+url.PathEscape(created.id()), created)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAwaitingUser, ConsentID: created.id(), Redirect: redirect}, nil
}

// setPSU tells the bank that the user is there; calls without it count against
// the daily limit.
func setPSU(h http.Header, psu onepoint.PSU) {
	if psu.IP != "" {
		h.Set("PSU-IP-Address", psu.IP)
	}
	if psu.UserAgent != "" {
		h.Set("PSU-User-Agent", psu.UserAgent)
	}
}

// awaitRedirect asks again and again until the user's address is there: some
// banks prepare the journey after they have answered.
func (c *Client) awaitRedirect(ctx context.Context, address string, l lodged) (string, error) {
	const op = "wait for the bank's page"
	for attempt := 0; ; attempt++ {
		if link := l.Links[scaRedirect].Href; link != "" {
			return c.browserLink(link)
		}
		if l.rejected() {
			return "", onepoint.E(onepoint.CodeConsentInvalid, op, "the bank rejected the request before its user saw it", nil)
		}
		if attempt == c.Quirks.Poll.Attempts {
			e := onepoint.E(onepoint.CodeUnavailable, op, "the bank does not show its page yet; try again", nil)
			e.Retry = c.Quirks.Poll.Interval
			return "", e
		}
		if err := sleep(ctx, c.Quirks.Poll.Interval); err != nil {
			return "", onepoint.E(onepoint.CodeUnavailable, op, "", err)
		}
		l = lodged{}
		if err := c.do(ctx, call{op: op, method: http.MethodGet, address: address, answer: &l}); err != nil {
			return "", err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// consentRequest asks for all accounts that the user chooses. The protocol
// knows no window of transactions: a.From and a.To are asked for when reading.
func (c *Client) consentRequest(a onepoint.Access) ConsentRequest {
	last := c.today().AddDays(c.ConsentDays)
	until := last
	if !a.Expires.IsZero() {
		until = onepoint.DateOf(a.Expires.In(c.Zone))
	}
	if last.Before(until) {
		until = last
	}
	return ConsentRequest{Access: rights(a.Permissions), Recurring: true, Until: until.String(), Frequency: frequencyPerDay}
}

func rights(permissions []onepoint.Permission) AccessRights {
	has := func(of ...onepoint.Permission) bool {
		return slices.ContainsFunc(of, func(p onepoint.Permission) bool { return slices.Contains(permissions, p) })
	}
	balances := has(onepoint.ReadBalances)
	transactions := has(onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsDetail)
	if balances && transactions {
		return AccessRights{AllPSD2: "allAccounts"}
	}
	var r AccessRights // the lists are there and empty: the user chooses
	if balances {
		r.Balances = &[]AccountReference{}
	}
	if transactions {
		r.Transactions = &[]AccountReference{}
	}
	if !balances && !transactions {
		r.Accounts = &[]AccountReference{}
	}
	return r
}

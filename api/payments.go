package api

import (
	"context"
	"net"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

// Paying is what the API needs of payments; *tpp.Paying has it.
type Paying interface {
	Pay(ctx context.Context, req tpp.PayRequest) (tpp.Payment, error)
	Callback(ctx context.Context, req tpp.CallbackRequest) (tpp.Payment, error)
}

// PaymentReader reads payments.
type PaymentReader interface {
	Payment(ctx context.Context, workspace, id string) (tpp.Payment, error)
	Payments(ctx context.Context, workspace string) ([]tpp.Payment, error)
}

// Payment is one payment.
type Payment struct {
	ID          string                `json:"id"`
	Bank        string                `json:"bank"`
	BankName    string                `json:"bankName"`
	Status      string                `json:"status" enum:"awaiting_authorisation,authorised,pending,accepted,completed,rejected,cancelled"`
	Message     string                `json:"message,omitempty" doc:"Why it was rejected"`
	Redirect    string                `json:"redirect,omitempty" doc:"Send the user here, while awaiting_authorisation"`
	Scheme      string                `json:"scheme"`
	Amount      onepoint.Money        `json:"amount"`
	Creditor    onepoint.Counterparty `json:"creditor"`
	Debtor      *onepoint.Identifier  `json:"debtor,omitempty"`
	Information string                `json:"information,omitempty"`
	Reference   string                `json:"reference,omitempty"`
	BankStatus  string                `json:"bankStatus,omitempty" doc:"The bank's own word for the status"`
	Created     time.Time             `json:"created"`
	Updated     time.Time             `json:"updated"`
}

func (a *API) paymentResource(p tpp.Payment) Payment {
	out := Payment{
		ID: p.ID, Bank: p.Bank, BankName: a.bankName(p.Bank), Status: string(p.Status), Message: p.Message, Redirect: p.Redirect,
		Scheme: string(p.Order.Scheme), Amount: p.Order.Amount, Creditor: p.Order.Creditor, Information: p.Order.Information,
		Reference: p.Order.Reference, BankStatus: p.BankCode, Created: p.Created.UTC(), Updated: p.Updated.UTC(),
	}
	if p.Order.Debtor.Value != "" {
		out.Debtor = &p.Order.Debtor
	}
	return out
}

type payInput struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Key       string `header:"Idempotency-Key" required:"true" maxLength:"128" doc:"The same key is the same payment, however often it is sent"`
	Body      struct {
		Bank        string                `json:"bank"`
		Scheme      string                `json:"scheme" enum:"sepa,sepa_instant,domestic,international,book_transfer"`
		Amount      onepoint.Money        `json:"amount"`
		Creditor    onepoint.Counterparty `json:"creditor"`
		Debtor      onepoint.Identifier   `json:"debtor,omitzero" required:"false" doc:"The account that pays; absent lets the user choose at the bank"`
		Information string                `json:"information,omitempty"`
		Reference   string                `json:"reference,omitempty"`
	}

	ip string
}

// Resolve notes where the user is. huma calls it before the handler.
func (in *payInput) Resolve(ctx huma.Context) []error {
	in.ip = publicIP(ctx.RemoteAddr())
	return nil
}

// publicIP is the caller's address, when it says anything to a bank.
func publicIP(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsPrivate() {
		return ""
	}
	return host
}

func (a *API) pay(ctx context.Context, in *payInput) (*body[Payment], error) {
	who, b := principal(ctx), in.Body
	p, err := a.Paying.Pay(ctx, tpp.PayRequest{
		Workspace: who.Workspace, Bank: b.Bank, UserID: who.UserID, Key: in.Key, PSU: onepoint.PSU{IP: in.ip, UserAgent: in.UserAgent},
		Order: onepoint.Payment{
			Scheme: onepoint.PaymentScheme(b.Scheme), Amount: b.Amount, Creditor: b.Creditor, Debtor: b.Debtor,
			Information: b.Information, Reference: b.Reference,
		},
	})
	if err != nil {
		return nil, err
	}
	return &body[Payment]{a.paymentResource(p)}, nil
}

func (a *API) listPayments(ctx context.Context, _ *none) (*body[list[Payment]], error) {
	rows, err := a.Payments.Payments(ctx, principal(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := list[Payment]{Items: []Payment{}}
	for _, p := range rows {
		out.Items = append(out.Items, a.paymentResource(p))
	}
	return &body[list[Payment]]{out}, nil
}

func (a *API) getPayment(ctx context.Context, in *idInput) (*body[Payment], error) {
	p, err := a.Payments.Payment(ctx, principal(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	return &body[Payment]{a.paymentResource(p)}, nil
}

func (a *API) paymentCallback(ctx context.Context, in *callbackInput) (*body[Payment], error) {
	params, err := in.params()
	if err != nil {
		return nil, err
	}
	p, err := a.Paying.Callback(ctx, tpp.CallbackRequest{Params: params, UserID: principal(ctx).UserID})
	if err != nil {
		return nil, err
	}
	return &body[Payment]{a.paymentResource(p)}, nil
}

func (in *callbackInput) params() (url.Values, error) {
	params := url.Values{}
	for name, value := range in.Body.Params {
		if len(name)+len(value) > 64<<10 {
			return nil, onepoint.Missing("return from the bank", "params", "a parameter is too long")
		}
		params.Set(name, value)
	}
	return params, nil
}

type fundsInput struct {
	ID   string `path:"id"`
	Body struct {
		Amount onepoint.Money `json:"amount"`
	}
}

// Funds is whether an account could pay an amount.
type Funds struct {
	Available bool           `json:"available"`
	Amount    onepoint.Money `json:"amount"`
	At        time.Time      `json:"at"`
}

func (a *API) confirmFunds(ctx context.Context, in *fundsInput) (*body[Funds], error) {
	yes, err := a.Connecting.ConfirmFunds(ctx, principal(ctx).Workspace, in.ID, in.Body.Amount)
	if err != nil {
		return nil, err
	}
	return &body[Funds]{Funds{yes, in.Body.Amount, a.Now().UTC().Truncate(time.Second)}}, nil
}

package op

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

const (
	paymentsBase = "/mtls/payments-psd2/v1"
	maxBundle    = 100 // payments of one authorization
)

func (s *Server) paymentRoutes(at route) {
	for _, kind := range []string{"sepa-payments", "foreign-payments"} {
		at("POST "+paymentsBase+"/"+kind, s.signed(s.createPayment(kind)))
		at("GET "+paymentsBase+"/"+kind+"/{id}", s.signed(s.readPayment))
		at("DELETE "+paymentsBase+"/"+kind+"/{id}", s.cancelPayment)
		at("PUT "+paymentsBase+"/"+kind+"/{id}/submissions/{submission}", s.signed(s.submit))
		at("GET "+paymentsBase+"/"+kind+"/{id}/submissions/{submission}", s.signed(s.readSubmission))
		at("GET "+paymentsBase+"/"+kind+"/{id}/submissions", s.signed(s.listSubmissions))
	}
	at("GET "+paymentsBase+"/authorizations/{id}", s.signed(s.readOrder))
	at("GET "+paymentsBase+"/authorizations/{id}/payments", s.signed(s.listPayments))
	at("DELETE "+paymentsBase+"/authorizations/{id}", s.revokeOrder)
	at("POST "+paymentsBase+"/authorizations/{id}/sandbox-authorize", s.signed(s.sandboxAuthorize))
	at("POST "+paymentsBase+"/authorizations/{id}/sandbox-reject", s.signed(s.sandboxReject))
}

// order is an authorization of one or more payments.
type order struct {
	ID       string    `json:"id"`
	Client   string    `json:"client"`
	Status   string    `json:"status"`
	Payments []string  `json:"payments"`
	Foreign  bool      `json:"foreign"`
	Payer    string    `json:"payer"` // IBAN, when the TPP named it
	Customer string    `json:"customer"`
	Account  string    `json:"account"` // that pays, once authorised
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
}

func (o order) wire() map[string]any {
	return map[string]any{"authorizationId": o.ID, "created": instant(o.Created), "modified": instant(o.Modified), "status": o.Status}
}

// payment is one payment with its submissions.
type payment struct {
	ID          string                `json:"id"`
	Order       string                `json:"order"`
	Client      string                `json:"client"`
	Kind        string                `json:"kind"` // path segment
	Request     json.RawMessage       `json:"request"`
	Amount      onepoint.Money        `json:"amount"`
	Payee       onepoint.Counterparty `json:"payee"`
	Payer       string                `json:"payer"` // IBAN, when the TPP named it
	Message     string                `json:"message"`
	Reference   string                `json:"reference"`
	Status      string                `json:"status"`
	Submissions []submission          `json:"submissions"`
	Created     time.Time             `json:"created"`
	Modified    time.Time             `json:"modified"`
}

type submission struct {
	ID       string    `json:"submissionId"`
	Archive  string    `json:"archiveId"`
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
	Status   string    `json:"status"`
}

// idempotent is what a key stands for. It is written first and holds all that the
// payment needs, so that a repetition finishes what a crash left half done.
type idempotent struct {
	Body    string  `json:"body"` // hash of the request
	Payment payment `json:"payment"`
	Opens   bool    `json:"opens"` // the payment opens its authorization, and joins none
}

// wire repeats the request with what the bank adds.
func (p payment) wire() map[string]any {
	out := map[string]any{}
	json.Unmarshal(p.Request, &out) //nolint:errcheck // it was decoded when it came
	out["authorizationId"], out["paymentId"], out["status"] = p.Order, p.ID, p.Status
	out["created"], out["modified"], out["submissions"] = instant(p.Created), instant(p.Modified), p.Submissions
	out["paymentType"], out["detailsOfCharges"], out["paymentOrder"] = "SepaPayment", "SHA", "SEPA"
	if p.Kind == "foreign-payments" {
		out["paymentType"] = "ForeignPayment"
	}
	return out
}

// recorder holds an answer back until it is signed.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// signed adds the detached signature that every payment answer carries, errors
// included.
func (s *Server) signed(h func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		rec := &recorder{header: w.Header(), status: http.StatusOK}
		if err := h(rec, r); err != nil {
			s.Log.InfoContext(r.Context(), "refused", "path", r.URL.Path, "cause", err)
			s.writeError(rec, err)
		}
		key := s.Key
		key.Alg = "RS256"
		signature, err := fapi.SignDetached(key, rec.body.Bytes())
		if err != nil {
			return err
		}
		w.Header().Set("x-jws-signature", signature)
		w.WriteHeader(rec.status)
		w.Write(rec.body.Bytes())
		return nil
	}
}

// signedBody reads a body and checks its detached signature with the keys of the
// registration.
func (s *Server) signedBody(r *http.Request, c client) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, invalid("Required", "", "The body cannot be read")
	}
	keys, err := s.publishedKeys(r.Context(), c.JWKSEndpoint)
	if err != nil {
		return nil, err
	}
	if err := fapi.VerifyDetached(r.Header.Get("x-jws-signature"), body, keys, registrationAlgs...); err != nil {
		return nil, denied(http.StatusUnauthorized, "x-jws-signature: "+onepoint.MessageOf(err))
	}
	return body, nil
}

// paymentRequest is the union of both kinds' bodies.
type paymentRequest struct {
	AuthorizationID  string     `json:"authorizationId"`
	AmountEUR        string     `json:"amountEUR"`
	Amount           string     `json:"amount"`
	Currency         string     `json:"currency"`
	Count            int        `json:"count"`
	Payee            payee      `json:"payee"`
	Payer            *ibanParty `json:"payer"`
	Message          string     `json:"message"`
	Reference        string     `json:"reference"`
	UltimatePayee    any        `json:"ultimatePayee"`
	OriginalPayer    any        `json:"originalPayer"`
	DetailsOfCharges string     `json:"detailsOfCharges"`
	PaymentOrder     string     `json:"paymentOrder"`
	ExchangeRate     any        `json:"exchangeRateReference"`
}

type ibanParty struct {
	IBAN string `json:"iban"`
}

type payee struct {
	IBAN        string   `json:"iban"`
	Name        string   `json:"name"`
	Address     []string `json:"address"`
	Country     string   `json:"country"`
	BankAccount struct {
		ID     string `json:"id"`
		Scheme string `json:"schemeName"`
		Issuer string `json:"issuer"`
	} `json:"bankAccount"`
	Institution struct {
		BIC      string `json:"bic"`
		Clearing string `json:"clearingSystemId"`
		Name     string `json:"name"`
		Address  any    `json:"foreignBankAddress"`
	} `json:"financialInstitution"`
	ForeignAddress any `json:"foreignAddress"`
}

var ibanForm = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$`)

func (s *Server) createPayment(kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		c, err := s.call(r, "payments", false)
		if err != nil {
			return err
		}
		body, err := s.signedBody(r, c.client)
		if err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var in paymentRequest
		if _, err := readBody(r, &in); err != nil {
			return err
		}
		p, err := s.parse(kind, in)
		if err != nil {
			return err
		}
		p.Client, p.Request = c.client.ID, body
		return s.keepPayment(w, r, in.AuthorizationID, p)
	}
}

// parse checks a payment by the rules whose names OP's violations have.
func (s *Server) parse(kind string, in paymentRequest) (payment, error) {
	text, currency, iban := in.AmountEUR, "EUR", in.Payee.IBAN
	if kind == "foreign-payments" {
		text, currency, iban = in.Amount, in.Currency, in.Payee.BankAccount.ID
		switch {
		case in.DetailsOfCharges != "SHA" && in.DetailsOfCharges != "OUR":
			return payment{}, invalid("ValidDetailOfCharges", "detailsOfCharges", "Must be SHA or OUR")
		case in.PaymentOrder != "NORM" && in.PaymentOrder != "HIGH":
			return payment{}, invalid("ValidPaymentOrder", "paymentOrder", "Must be NORM or HIGH")
		case in.Payee.Institution.BIC == "" && in.Payee.Institution.Clearing == "":
			return payment{}, invalid("CreditorBicOrAddress", "payee.financialInstitution", "A BIC or a clearing system id is needed")
		case in.Count > 1:
			return payment{}, invalid("ValidForeignPaymentRecurrence", "count", "A foreign payment is made once")
		}
	} else if !ibanForm.MatchString(strings.ReplaceAll(iban, " ", "")) {
		return payment{}, invalid("SepaIban", "payee.iban", "Must be an IBAN of a SEPA country")
	}
	money, err := onepoint.ParseMoney(text, onepoint.Currency(currency))
	if err == nil {
		_, err = money.Minor()
	}
	if err != nil || money.IsZero() || money.IsNegative() {
		return payment{}, invalid("EuroCents", "amountEUR", "Must be a positive amount with two decimals")
	}
	switch {
	case in.Payee.Name == "" || len([]rune(in.Payee.Name)) > 70:
		return payment{}, invalid("Size", "payee.name", "Must have 1 to 70 characters")
	case kind == "sepa-payments" && (in.Message == "") == (in.Reference == ""):
		return payment{}, invalid("MessageOrReference", "message", "Give a message or a reference, not both")
	case len(in.Payee.Address) > 4:
		return payment{}, invalid("SepaAddress", "payee.address", "At most 4 lines")
	}
	p := payment{
		Kind: kind, Amount: money, Message: in.Message, Reference: in.Reference, Status: "Unauthorized",
		Payee: onepoint.Counterparty{
			Name: in.Payee.Name, Identifier: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: strings.ReplaceAll(iban, " ", "")},
			Agent: in.Payee.Institution.BIC,
		},
	}
	if in.Payer != nil {
		p.Payer = strings.ReplaceAll(in.Payer.IBAN, " ", "")
	}
	return p, nil
}

// keepPayment stores the payment under its idempotency key: the same key with the
// same body is the same payment.
func (s *Server) keepPayment(w http.ResponseWriter, r *http.Request, orderID string, p payment) error {
	ctx, key := r.Context(), r.Header.Get("x-idempotency-key")
	if key == "" {
		return invalid("Required", "x-idempotency-key", "The header is required")
	}
	p.ID, p.Order, p.Created, p.Submissions = s.NewID("pay"), orderID, s.Now().UTC(), []submission{}
	p.Modified = p.Created
	if orderID == "" {
		p.Order = s.NewID("aut")
	}
	known := idempotent{Body: hash(p.Kind + string(p.Request)), Payment: p, Opens: orderID == ""}
	id := hash(p.Client + "|" + key)
	err := s.keys.Add(ctx, id, p.Client, known)
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		body := known.Body
		if known, err = s.keys.Get(ctx, id); err == nil && known.Body != body {
			return business("DuplicatePayment", "The idempotency key was used for another payment")
		}
	}
	if err != nil {
		return err
	}
	if err := s.intoOrder(ctx, known); err != nil {
		if e := s.keys.Remove(ctx, id); e != nil {
			return e
		}
		return err
	}
	err = s.payments.Add(ctx, known.Payment.ID, known.Payment.Order, known.Payment)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeConflict {
		return err
	}
	if p, err = s.payments.Get(ctx, known.Payment.ID); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, p.wire())
}

// intoOrder opens the payment's authorization, or joins the one it names. Doing it
// again changes nothing.
func (s *Server) intoOrder(ctx context.Context, known idempotent) error {
	p := known.Payment
	foreign := p.Kind == "foreign-payments"
	if known.Opens {
		err := s.orders.Add(ctx, p.Order, p.Client, order{
			ID: p.Order, Client: p.Client, Status: "Unauthorized", Payments: []string{p.ID}, Foreign: foreign, Payer: p.Payer,
			Created: p.Created, Modified: p.Created,
		})
		if onepoint.CodeOf(err) == onepoint.CodeConflict {
			return nil
		}
		return err
	}
	_, err := s.orders.Update(ctx, p.Order, func(o *order) error {
		switch {
		case o.Client != p.Client:
			return onepoint.E(onepoint.CodeNotFound, "add payment", "", nil)
		case slices.Contains(o.Payments, p.ID):
			return nil
		case o.Status != "Unauthorized":
			return business("IllegalState", "The authorization takes no more payments")
		case len(o.Payments) >= maxBundle:
			return business("IllegalState", "The authorization takes no more payments")
		case o.Foreign || foreign:
			return business("PaymentOrder", "A foreign payment cannot be bundled")
		case o.Payer != "" && p.Payer != "" && o.Payer != p.Payer:
			return business("IllegalState", "The payments of an authorization have one payer")
		}
		if o.Payer == "" {
			o.Payer = p.Payer
		}
		o.Payments, o.Modified = append(o.Payments, p.ID), p.Created
		return nil
	})
	return err
}

func (s *Server) paymentVisit(ctx context.Context, c client, req request, v sim.Visit) (sim.Visit, error) {
	o, err := s.orders.Get(ctx, req.Authorization)
	if err != nil || o.Client != c.ID || o.Status != "Unauthorized" {
		return v, onepoint.E(onepoint.CodeConflict, "authorize", "the payment is unknown or was decided already", nil)
	}
	v.Title, v.Choose = "Confirm the payment", "one"
	for _, id := range o.Payments {
		p, err := s.payments.Get(ctx, id)
		if err != nil {
			return v, err
		}
		if p.Status != "Unauthorized" { // revoked alone
			continue
		}
		v.Lines = append(v.Lines,
			sim.Line{Label: "Pay", Value: p.Amount.String()}, sim.Line{Label: "To", Value: p.Payee.Name + ", " + p.Payee.Identifier.Value},
			sim.Line{Label: "Message", Value: p.Message + p.Reference})
		v.Currency = string(p.Amount.Currency)
	}
	if o.Payer != "" {
		v.Only, err = s.ownAccount(ctx, o.Payer)
	}
	return v, err
}

func (s *Server) approveOrder(ctx context.Context, id string, d sim.Decision) error {
	_, err := s.orders.Update(ctx, id, func(o *order) error {
		if o.Status != "Unauthorized" {
			return onepoint.E(onepoint.CodeConflict, "approve", "the payment was decided already", nil)
		}
		o.Status, o.Customer, o.Account, o.Modified = "Authorized", d.Customer, d.Accounts[0], s.Now().UTC()
		return nil
	})
	if err != nil {
		return err
	}
	return s.eachPayment(ctx, id, "Authorized", "Unauthorized")
}

// endOrder ends an authorization that is still in one of the statuses, with all
// its payments; what was submitted stays as it is.
func (s *Server) endOrder(ctx context.Context, id, status string, from ...string) error {
	_, err := s.orders.Update(ctx, id, func(o *order) error {
		if !slices.Contains(from, o.Status) {
			return onepoint.E(onepoint.CodeConflict, "end authorization", "the payment was decided already", nil)
		}
		o.Status, o.Modified = status, s.Now().UTC()
		return nil
	})
	if err != nil {
		return err
	}
	if status == "PartiallyRevoked" {
		status = "Revoked"
	}
	return s.eachPayment(ctx, id, status, from...)
}

// eachPayment gives a status to the payments that have one of others and were not
// submitted.
func (s *Server) eachPayment(ctx context.Context, orderID, status string, from ...string) error {
	all, err := s.payments.Of(ctx, orderID, maxBundle)
	if err != nil {
		return err
	}
	for _, p := range all {
		_, err := s.payments.Update(ctx, p.ID, func(p *payment) error {
			if slices.Contains(from, p.Status) && len(p.Submissions) == 0 {
				p.Status, p.Modified = status, s.Now().UTC()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

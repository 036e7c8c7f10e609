package obie

import (
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
)

// paymentRoutes are the operations of the payment-initiation API.
func (s *PaymentServer) paymentRoutes(v payVersion) []endpoint {
	var all []endpoint
	for _, k := range PaymentKinds() {
		consents, payments := "/"+k.Name+"-consents", "/"+k.Name+"s"
		lodged, submitted := k.consentShape(v.four), k.paymentShape(v.four)
		one := endpoint{scope: "payments", signed: true}
		add := func(method, path string, change func(*endpoint), do func(*exchange) (reply, error)) {
			e := one
			e.method, e.path, e.do = method, path, do
			if change != nil {
				change(&e)
			}
			all = append(all, e)
		}
		add(http.MethodPost, consents, func(e *endpoint) { e.once, e.body = true, &lodged },
			func(x *exchange) (reply, error) { return s.lodgePayment(x, k) })
		add(http.MethodGet, consents+"/{consent}", nil, func(x *exchange) (reply, error) { return s.readPaymentConsent(x, k) })
		add(http.MethodPost, payments, func(e *endpoint) { e.user, e.once, e.body = true, true, &submitted },
			func(x *exchange) (reply, error) { return s.submitPayment(x, k) })
		add(http.MethodGet, payments+"/{payment}", nil, func(x *exchange) (reply, error) { return s.readPayment(x, k) })
		add(http.MethodGet, payments+"/{payment}/payment-details", nil, func(x *exchange) (reply, error) { return s.paymentDetails(x, k.Name) })
		if k.Funds {
			add(http.MethodGet, consents+"/{consent}/funds-confirmation", func(e *endpoint) { e.user = true },
				func(x *exchange) (reply, error) { return s.paymentFunds(x, k) })
		}
		if k.File {
			add(http.MethodPost, consents+"/{consent}/file", func(e *endpoint) {
				e.once, e.media = true, []string{"application/json", "text/csv", "application/xml", "text/xml"}
			}, s.uploadFile)
			add(http.MethodGet, consents+"/{consent}/file", nil, s.readFile)
			add(http.MethodGet, payments+"/{payment}/report-file", nil, s.readReport)
		}
	}
	return all
}

func (s *PaymentServer) lodgePayment(x *exchange, k PaymentKind) (reply, error) {
	data := dig(x.doc, "Data")
	i, err := k.instructionOf(dig(data, "Initiation"))
	if err != nil {
		return reply{}, err
	}
	c, err := s.Bank.LodgePayment(x.Context(), x.tpp, PaymentConsent{
		Kind: k.Name, Version: x.version.name, Initiation: encode(dig(data, "Initiation")), Risk: encode(dig(x.doc, "Risk")),
		Authorisation: encode(dig(data, "Authorisation")), SCASupport: encode(dig(data, "SCASupportData")),
		ReadRefund: textAt(data, "ReadRefundAccount"), Instruction: i,
	}, x.key)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: s.consentBody(x.version, k, c, x.self+"/"+c.ID)}, nil
}

// consentOf reads a consent of the caller's. One of a newer version is unknown to
// an older one.
func (s *PaymentServer) consentOf(x *exchange, kind, id string) (PaymentConsent, error) {
	c, err := s.Bank.PaymentConsent(x.Context(), x.tpp, kind, id)
	if err == nil && c.Version == "v4.0" && !x.version.four {
		err = onepoint.E(onepoint.CodeNotFound, "read payment consent", "the consent was made with a newer version", nil)
	}
	return c, err
}

func (s *PaymentServer) readPaymentConsent(x *exchange, k PaymentKind) (reply, error) {
	c, err := s.consentOf(x, k.Name, x.PathValue("consent"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: s.consentBody(x.version, k, c, x.self)}, nil
}

// ownConsent refuses a consent that the user's token was not given for.
func (x *exchange) ownConsent(id, path string) error {
	if id != x.info.ConsentID {
		return breach(CodeConsentMismatch, path, "the access token was given for another consent")
	}
	return nil
}

func (s *PaymentServer) submitPayment(x *exchange, k PaymentKind) (reply, error) {
	data := dig(x.doc, "Data")
	id := textAt(data, "ConsentId")
	if _, err := s.consentOf(x, k.Name, id); err != nil {
		return reply{}, err
	}
	if err := x.ownConsent(id, "Data.ConsentId"); err != nil {
		return reply{}, err
	}
	o, err := s.Bank.Submit(x.Context(), x.tpp, PaymentSubmission{
		Kind: k.Name, ConsentID: id, Version: x.version.name, Initiation: encode(dig(data, "Initiation")), Risk: encode(dig(x.doc, "Risk")), Idempotency: x.key,
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: s.orderBody(x.version, k, o, x.self+"/"+o.ID)}, nil
}

func (s *PaymentServer) orderOf(x *exchange, kind string) (PaymentOrder, error) {
	o, err := s.Bank.PaymentOrder(x.Context(), x.tpp, kind, x.PathValue("payment"))
	if err == nil && o.Version == "v4.0" && !x.version.four {
		err = onepoint.E(onepoint.CodeNotFound, "read payment", "the payment was made with a newer version", nil)
	}
	return o, err
}

func (s *PaymentServer) readPayment(x *exchange, k PaymentKind) (reply, error) {
	o, err := s.orderOf(x, k.Name)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: s.orderBody(x.version, k, o, x.self)}, nil
}

// paymentDetails shows each movement of a payment; one that has none yet shows
// the first as pending.
func (s *PaymentServer) paymentDetails(x *exchange, kind string) (reply, error) {
	o, err := s.orderOf(x, kind)
	if err != nil {
		return reply{}, err
	}
	movements := o.Executions
	if len(movements) == 0 {
		state := Pending
		if o.State == OrderRejected {
			state = OrderRejected
		}
		movements = []Execution{{ID: o.ID + ".1", State: state, At: o.Updated, Reason: o.Reason}}
	}
	rows := make([]any, 0, len(movements))
	for _, e := range movements {
		word := executionWord(x.version.four, e.State)
		detail := map[string]any{"Status": word}
		if o.Instruction.LocalInstrument != "" {
			detail["LocalInstrument"] = o.Instruction.LocalInstrument
		}
		if e.Reason != "" {
			detail["StatusReason"], detail["StatusReasonDescription"] = e.Reason, reasonText(e.Reason)
			if !x.version.four {
				detail["StatusReason"] = "Proprietary"
			}
		}
		rows = append(rows, map[string]any{
			"PaymentTransactionId": e.ID, "Status": word, "StatusUpdateDateTime": stamp(e.At, s.Zone), "StatusDetail": detail,
		})
	}
	return reply{status: http.StatusOK, body: s.envelope(map[string]any{"PaymentStatus": rows}, x.self)}, nil
}

func (s *PaymentServer) paymentFunds(x *exchange, k PaymentKind) (reply, error) {
	id := x.PathValue("consent")
	if _, err := s.consentOf(x, k.Name, id); err != nil {
		return reply{}, err
	}
	if err := x.ownConsent(id, ""); err != nil {
		return reply{}, err
	}
	ok, when, err := s.Bank.FundsFor(x.Context(), x.tpp, FundsQuestion{Kind: k.Name, ConsentID: id})
	if err != nil {
		return reply{}, err
	}
	result := map[string]any{"FundsAvailableDateTime": stamp(when, s.Zone), "FundsAvailable": ok}
	return reply{status: http.StatusOK, body: s.envelope(map[string]any{"FundsAvailableResult": result}, x.self)}, nil
}

func (s *PaymentServer) uploadFile(x *exchange) (reply, error) {
	media := mediaOf(x.Header.Get("Content-Type"))
	if err := s.Bank.UploadFile(x.Context(), x.tpp, x.PathValue("consent"), media, x.raw, x.key); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK}, nil
}

func (s *PaymentServer) readFile(x *exchange) (reply, error) {
	media, content, err := s.Bank.File(x.Context(), x.tpp, x.PathValue("consent"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, media: media, content: content}, nil
}

func (s *PaymentServer) readReport(x *exchange) (reply, error) {
	if _, err := s.orderOf(x, FilePayment); err != nil {
		return reply{}, err
	}
	media, content, err := s.Bank.Report(x.Context(), x.tpp, x.PathValue("payment"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, media: media, content: content}, nil
}

// envelope puts Links and Meta around Data.
func (s *PaymentServer) envelope(data any, self string) map[string]any {
	return map[string]any{"Data": data, "Links": map[string]string{"Self": self}, "Meta": map[string]any{}}
}

// put sets a member that has something to say.
func put(data map[string]any, name, value string) {
	if value != "" {
		data[name] = value
	}
}

func (s *PaymentServer) putTime(data map[string]any, name string, t time.Time) {
	if !t.IsZero() {
		data[name] = stamp(t, s.Zone)
	}
}

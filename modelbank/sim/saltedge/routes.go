package saltedge

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/standard/berlin"
)

const maxBody = 256 << 10

// Handler serves everything below the path of Base.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.berlinRoutes(mux)
	s.ukRoutes(mux)
	mux.Handle(s.root+"/connector/psu/", s.pages.Handler())
	mux.HandleFunc("GET "+s.root+"/connector/"+provider+"/oauth/{service}/authorize/{id}", s.begin)
	return mux
}

func (s *Server) berlinRoutes(mux *http.ServeMux) {
	tpp := s.root + "/api/berlingroup/v1/tpp"
	mux.HandleFunc("POST "+tpp+"/register", s.answering(s.registerTPP))
	mux.HandleFunc("POST "+tpp+"/certificates", s.answering(s.addCertificate))
	api := s.root + "/" + provider + "/api/berlingroup"
	route := func(method, path string, role eidas.Role, h func(signedRequest) (int, any, error)) {
		mux.HandleFunc(method+" "+api+path, s.answering(s.signed(role, h)))
	}
	ai, pi, ic := eidas.RoleAI, eidas.RolePI, eidas.RoleIC
	route("POST", "/v1/consents", ai, s.createConsent)
	route("GET", "/v1/consents/{id}", ai, s.showConsent)
	route("GET", "/v1/consents/{id}/status", ai, s.consentStatus)
	route("GET", "/v1/consents/{id}/authorisations/{sca}", ai, s.consentSCA)
	route("DELETE", "/v1/consents/{id}", ai, s.deleteConsent)
	route("GET", "/v1/accounts", ai, s.listAccounts)
	route("GET", "/v1/accounts/{account}", ai, s.showAccount)
	route("GET", "/v1/accounts/{account}/balances", ai, s.listBalances)
	route("GET", "/v1/accounts/{account}/transactions", ai, s.listTransactions)
	route("POST", "/v1/payments/{product}", pi, s.createPayment)
	route("GET", "/v1/payments/{product}/{id}", pi, s.showPayment)
	route("GET", "/v1/payments/{product}/{id}/status", pi, s.paymentStatus)
	route("GET", "/v1/payments/{product}/{id}/authorisations/{sca}", pi, s.paymentSCA)
	route("DELETE", "/v1/payments/{product}/{id}", pi, s.cancelPayment)
	route("POST", "/v2/consents/confirmation-of-funds", ic, s.createFundsConsent)
	route("GET", "/v2/consents/confirmation-of-funds/{id}", ic, s.showFundsConsent)
	route("GET", "/v2/consents/confirmation-of-funds/{id}/status", ic, s.fundsConsentStatus)
	route("DELETE", "/v2/consents/confirmation-of-funds/{id}", ic, s.deleteFundsConsent)
	route("POST", "/v1/funds-confirmations", ic, s.confirmFunds)
}

// answering writes what a handler returns, or its error as tppMessages.
func (s *Server) answering(h func(r *http.Request, header http.Header, body []byte) (int, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var status int
		var answer any
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			err = format("the body is too large or broke off")
		} else {
			status, answer, err = h(r, w.Header(), body)
		}
		if err == nil {
			reply(w, status, answer)
			return
		}
		var refusal *berlin.Refusal
		if !errors.As(err, &refusal) {
			refusal = berlin.RefusalOf(err)
		}
		s.Log.InfoContext(r.Context(), "saltedge refused", "path", r.URL.Path, "code", refusal.Code, "cause", err)
		if onepoint.CodeOf(err) == onepoint.CodeInternal && refusal.Status == http.StatusInternalServerError {
			s.Log.ErrorContext(r.Context(), "saltedge failed", "path", r.URL.Path, "error", err)
		}
		refusal.Write(w)
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the reader has gone
}

func refuse(status int, code, text string) error {
	return &berlin.Refusal{Status: status, Code: code, Text: text}
}

func format(text string) error { return refuse(http.StatusBadRequest, "FORMAT_ERROR", text) }

// read decodes a JSON body.
func read(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return format("the body is not the JSON that is expected")
	}
	return nil
}

package saltedge

import (
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// ownPayment finds the caller's payment, carried on if a crash had left it
// between the user's decision and the books.
func (s *Server) ownPayment(r signedRequest) (paymentRow, error) {
	row, err := s.payments.Get(r.Context(), r.PathValue("id"))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound || err == nil && (row.Client != r.TPP.ClientID || row.Product != r.PathValue("product")) {
		return row, refuse(http.StatusNotFound, "RESOURCE_UNKNOWN", "Payment was not found")
	}
	if err != nil {
		return row, err
	}
	if row.Status == statusTaken {
		return s.settle(r.Context(), row)
	}
	return row, nil
}

func (s *Server) showPayment(r signedRequest) (int, any, error) {
	row, err := s.ownPayment(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, berlin.Payment{PaymentOrder: row.Order, Status: s.shown(row), Links: s.paymentLinks(row)}, nil
}

func (s *Server) paymentStatus(r signedRequest) (int, any, error) {
	row, err := s.ownPayment(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, berlin.PaymentStatus{Status: s.shown(row), Reason: row.Reason}, nil
}

func (s *Server) paymentSCA(r signedRequest) (int, any, error) {
	row, err := s.ownPayment(r)
	if err != nil {
		return 0, nil, err
	}
	if row.Authorisation != r.PathValue("sca") {
		return 0, nil, refuse(http.StatusNotFound, "RESOURCE_UNKNOWN", "Authorisation was not found")
	}
	status := "finalised"
	switch s.shown(row) {
	case "RCVD":
		status = "received"
	case "RJCT", "CANC":
		status = "failed"
	}
	return http.StatusOK, berlin.SCAStatus{Status: status}, nil
}

// cancelPayment ends a payment that its user has not authorised yet.
func (s *Server) cancelPayment(r signedRequest) (int, any, error) {
	row, err := s.ownPayment(r)
	if err != nil {
		return 0, nil, err
	}
	_, err = s.payments.Update(r.Context(), row.ID, func(p *paymentRow) error {
		switch p.Status {
		case "RCVD", "CANC":
			p.Status = "CANC"
			return nil
		}
		return refuse(http.StatusMethodNotAllowed, "CANCELLATION_INVALID", "The payment cannot be cancelled any more")
	})
	return http.StatusNoContent, nil, err
}

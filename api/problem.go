package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/onepointledger/onepoint"
)

// Problem is the body of every error (RFC 9457), with a stable code and the id
// under which the log has the details.
type Problem struct {
	Type      string           `json:"type" doc:"/problems/ and the code"`
	Title     string           `json:"title"`
	Status    int              `json:"status"`
	Detail    string           `json:"detail,omitempty" doc:"What happened and what to do, for the user"`
	Code      string           `json:"code" doc:"Stable: what the caller can do"`
	Fields    []onepoint.Field `json:"fields,omitempty" doc:"What is wrong with the request"`
	RequestID string           `json:"requestId,omitempty"`

	retry time.Duration
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retry.Seconds()))))
	}
	return h
}

// problems is the edge between our codes and HTTP: the one table.
func problems() map[onepoint.Code]struct {
	status int
	title  string
} {
	type row = struct {
		status int
		title  string
	}
	return map[onepoint.Code]row{
		onepoint.CodeInvalid:            {http.StatusUnprocessableEntity, "The request is not valid"},
		onepoint.CodeUnauthenticated:    {http.StatusUnauthorized, "Sign in first"},
		onepoint.CodeForbidden:          {http.StatusForbidden, "Not allowed"},
		onepoint.CodeNotFound:           {http.StatusNotFound, "Not found"},
		onepoint.CodeConflict:           {http.StatusConflict, "Not possible now"},
		onepoint.CodeConsentInvalid:     {http.StatusConflict, "The consent does not cover this"},
		onepoint.CodeConsentExpired:     {http.StatusConflict, "The consent has ended"},
		onepoint.CodeCertificateInvalid: {http.StatusConflict, "The certificate is not accepted"},
		onepoint.CodeInputRequired:      {http.StatusConflict, "More is needed from you"},
		onepoint.CodeRateLimited:        {http.StatusTooManyRequests, "Too many requests"},
		onepoint.CodeUnavailable:        {http.StatusServiceUnavailable, "Not available now"},
		onepoint.CodeProtocol:           {http.StatusBadGateway, "The bank answered wrongly"},
		onepoint.CodeSignatureInvalid:   {http.StatusBadGateway, "A signature does not verify"},
		onepoint.CodeTokenInvalid:       {http.StatusBadGateway, "The bank does not accept the access"},
		onepoint.CodeInternal:           {http.StatusInternalServerError, "Something went wrong here"},
	}
}

// problem is the API's form of an error. What only the log may know stays out.
func problem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	code := onepoint.CodeOf(err)
	row, ok := problems()[code]
	if !ok {
		code = onepoint.CodeInternal
		row = problems()[code]
	}
	p = &Problem{Type: "/problems/" + string(code), Title: row.title, Status: row.status, Detail: onepoint.MessageOf(err), Code: string(code)}
	var e *onepoint.Error
	if errors.As(err, &e) {
		p.Fields, p.retry = e.Fields, e.Retry
	}
	return p
}

// fromFramework turns the framework's own errors, such as a failed validation,
// into problems. It names the fields and never repeats their values, which may
// be personal.
func fromFramework(status int, msg string, errs ...error) huma.StatusError {
	code := onepoint.CodeInternal
	switch {
	case status == http.StatusNotFound:
		code = onepoint.CodeNotFound
	case status == http.StatusUnauthorized:
		code = onepoint.CodeUnauthenticated
	case status == http.StatusForbidden:
		code = onepoint.CodeForbidden
	case status >= 400 && status < 500:
		code = onepoint.CodeInvalid
	}
	p := &Problem{
		Type: "/problems/" + string(code), Title: problems()[code].title, Status: status, Detail: msg, Code: string(code),
	}
	if status >= 500 {
		p.Detail = "something went wrong on our side; the log has the details"
	}
	for _, err := range errs {
		var d *huma.ErrorDetail
		if errors.As(err, &d) {
			p.Fields = append(p.Fields, onepoint.Field{Name: d.Location, Message: d.Message})
		}
	}
	return p
}

// writeProblem answers outside the framework.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := *problem(err)
	p.RequestID = requestID(r.Context())
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) //nolint:errcheck // the reader has gone
}

package obie

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/onepointledger/onepoint"
)

// eventErrors is the error body of both versions: 4.0 needs Errors alone, 3.1
// needs Code and Message as well.
type eventErrors struct {
	Code    string       `json:"Code,omitempty"`
	ID      string       `json:"Id,omitempty"`
	Message string       `json:"Message,omitempty"`
	Errors  []eventFault `json:"Errors"`
}

type eventFault struct {
	ErrorCode string `json:"ErrorCode"`
	Message   string `json:"Message"`
	Path      string `json:"Path,omitempty"`
}

func (r *eventRefusal) body(version, id string) eventErrors {
	if len(id) > 40 {
		id = ""
	}
	b := eventErrors{ID: id, Errors: []eventFault{{r.v4, r.msg, r.path}}}
	if version == "v3.1" {
		b.Code, b.Message = strconv.Itoa(r.status)+" "+http.StatusText(r.status), r.msg
		b.Errors[0].ErrorCode = r.v3
	}
	return b
}

// eventRefusalOf is the standard's form of an error of ours.
func eventRefusalOf(err error) *eventRefusal {
	ref := &eventRefusal{http.StatusInternalServerError, "U000", "UK.OBIE.UnexpectedError", onepoint.MessageOf(err), ""}
	switch onepoint.CodeOf(err) {
	case onepoint.CodeInvalid:
		ref.status, ref.v4, ref.v3 = http.StatusBadRequest, "U002", "UK.OBIE.Field.Invalid"
	case onepoint.CodeNotFound:
		ref.status, ref.v4, ref.v3 = http.StatusBadRequest, "U011", "UK.OBIE.Resource.NotFound"
	case onepoint.CodeForbidden:
		ref.status, ref.v4, ref.v3 = http.StatusForbidden, "U008", "UK.OBIE.Resource.ConsentMismatch"
	case onepoint.CodeConflict:
		ref.status, ref.v4, ref.v3 = http.StatusConflict, "U029", "UK.OBIE.Rules.ResourceAlreadyExists"
	case onepoint.CodeSignatureInvalid:
		ref.status, ref.v4, ref.v3 = http.StatusBadRequest, "U015", "UK.OBIE.Signature.Invalid"
	case onepoint.CodeTokenInvalid, onepoint.CodeCertificateInvalid:
		return &eventRefusal{status: http.StatusUnauthorized, msg: ref.msg}
	case onepoint.CodeRateLimited:
		ref.status = http.StatusTooManyRequests
	case onepoint.CodeUnavailable:
		ref.status = http.StatusServiceUnavailable
	}
	var e *onepoint.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		ref.path, ref.msg = e.Fields[0].Name, e.Fields[0].Message
	}
	return ref
}

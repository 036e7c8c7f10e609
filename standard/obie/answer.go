package obie

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint"
)

func (a *api) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	switch body := body.(type) {
	case nil:
		w.WriteHeader(status)
		return
	case onepoint.Document:
		w.Header().Set("Content-Type", body.MediaType)
		w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename=%q`, body.Name))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		w.Write(body.Content)
		return
	}
	b, err := json.Marshal(body)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b)
}

// bodiless are the statuses whose answer has no body in either version's file.
func bodiless() []int {
	return []int{
		http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusTooManyRequests,
	}
}

// refuse writes the standard's error.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var ref *refusal
	if !errors.As(err, &ref) {
		ref = refusalOf(err)
	}
	level := slog.LevelInfo
	if ref.status >= 500 {
		level = slog.LevelError
	}
	a.Log.Log(r.Context(), level, "account call refused", "path", r.URL.Path, "status", ref.status,
		"interaction", w.Header().Get(interactionHeader), "cause", err)
	if ref.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	if slices.Contains(bodiless(), ref.status) {
		retryAfter(w, err)
		w.WriteHeader(ref.status)
		return
	}
	body, encErr := json.Marshal(a.codec.refusalToWire(ref, w.Header().Get(interactionHeader)))
	if encErr != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	retryAfter(w, err)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(ref.status)
	w.Write(body)
}

// retryAfter tells how long to wait, when the cause does.
func retryAfter(w http.ResponseWriter, err error) {
	var e *onepoint.Error
	if errors.As(err, &e) && e.Retry > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(e.Retry.Seconds()+1)))
	}
}

// refusalToWire is OBErrorResponse1 of the version: 3.1 has words for codes, and
// a summary above the errors.
func (v version) refusalToWire(ref *refusal, id string) wireErrors {
	one := wireError{ErrorCode: v.errorCode(ref.code), Message: clip(ref.msg, 500), Path: clip(ref.path, 500)}
	if v.legacy {
		status := strings.ReplaceAll(http.StatusText(ref.status), " ", "")
		return wireErrors{Code: fmt.Sprintf("%d %s", ref.status, status), ID: id, Message: one.Message, Errors: []wireError{one}}
	}
	return wireErrors{ID: id, Errors: []wireError{one}}
}

// refusalOf finds the standard's form of an error of ours.
func refusalOf(err error) *refusal {
	code := onepoint.CodeOf(err)
	for _, row := range errorTable() {
		if row.code != code {
			continue
		}
		r := &refusal{row.status, row.v4, onepoint.MessageOf(err), ""}
		var e *onepoint.Error
		if errors.As(err, &e) && len(e.Fields) > 0 {
			r.path, r.msg = e.Fields[0].Name, e.Fields[0].Message
		}
		return r
	}
	return &refusal{http.StatusInternalServerError, "U000", onepoint.MessageOf(err), ""}
}

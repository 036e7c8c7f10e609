package as

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// page adapts a handler of a page: its error is a page.
func (s *Server) page(h func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		head.Set("X-Frame-Options", "DENY")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cache-Control", "no-store")
		if err := h(w, r); err != nil {
			s.failed(w, r, err)
		}
	}
}

func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	status, text := pageStatus(onepoint.CodeOf(err)), onepoint.MessageOf(err)
	var e *fapi.OAuthError
	if errors.As(err, &e) {
		status, text = e.Status, e.Description
	}
	s.Log.WarnContext(r.Context(), "page refused", "path", r.URL.Path, "status", status, "cause", err)
	s.show(w, r, status, "error.html", map[string]any{"Message": text})
}

// pageStatus is the status of a page that says what went wrong.
func pageStatus(code onepoint.Code) int {
	switch code {
	case onepoint.CodeNotFound:
		return http.StatusNotFound
	case onepoint.CodeForbidden:
		return http.StatusForbidden
	case onepoint.CodeConflict, onepoint.CodeConsentExpired:
		return http.StatusConflict
	case onepoint.CodeRateLimited:
		return http.StatusTooManyRequests
	case onepoint.CodeUnavailable:
		return http.StatusServiceUnavailable
	case onepoint.CodeInvalid:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, name string, data map[string]any) {
	data["Bank"] = s.BankName
	var page bytes.Buffer
	if err := s.pages.ExecuteTemplate(&page, name, data); err != nil {
		s.Log.ErrorContext(r.Context(), "render page", "page", name, "error", err)
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}

func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	s.page(func(w http.ResponseWriter, r *http.Request) error {
		s.show(w, r, http.StatusOK, "front.html", map[string]any{"Issuer": s.Issuer})
		return nil
	})(w, r)
}

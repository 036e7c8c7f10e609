package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestHandler(t *testing.T) {
	h := handler(fstest.MapFS{
		"index.html":        {Data: []byte("<!doctype html><title>app</title>")},
		"assets/app-1a2.js": {Data: []byte(strings.Repeat("const a = 1;\n", 100))},
	})
	tests := []struct {
		name, method, path string
		status             int
		cache, body        string
	}{
		{"the page", "GET", "/", 200, "no-cache", "<title>app"},
		{"an address of the app", "GET", "/accounts/acc_1", 200, "no-cache", "<title>app"},
		{"the callback of a bank", "GET", "/callback?code=x", 200, "no-cache", "<title>app"},
		{"a file whose name holds its hash", "GET", "/assets/app-1a2.js", 200, "public, max-age=31536000, immutable", "const a"},
		{"a file that is not there", "GET", "/assets/gone.js", 404, "", ""},
		{"a way out of the folder", "GET", "/../../go.mod", 404, "", ""},
		{"a post", "POST", "/", 405, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("got %d %q", w.Code, w.Body)
			}
			if tt.cache != "" && w.Header().Get("Cache-Control") != tt.cache {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			if csp := w.Header().Get("Content-Security-Policy"); tt.status == 200 && (!strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe")) {
				t.Errorf("policy %q", csp)
			}
		})
	}
	r := httptest.NewRequest(http.MethodGet, "/assets/app-1a2.js", nil)
	r.Header.Set("Accept-Encoding", "br, gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > 200 {
		t.Errorf("%d bytes, encoding %q", w.Body.Len(), w.Header().Get("Content-Encoding"))
	}
}

func TestUnbuiltAppSaysSo(t *testing.T) {
	w := httptest.NewRecorder()
	handler(fstest.MapFS{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("got %q", w.Body)
	}
}

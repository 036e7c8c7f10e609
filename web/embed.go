package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var files embed.FS

// policy lets the app load only what came with it.
const policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const notBuilt = `<!doctype html><html lang="en"><title>One Point Ledger</title>
<p>The web app is not built into this program. Run <code>make build</code>, which builds it first.</p></html>`

// asset is one file of the app, plain and compressed.
type asset struct {
	media  string
	plain  []byte
	gzip   []byte // nil when it would not be smaller
	hashed bool   // its name changes with its content
}

// Handler serves the app: its files, and its page for every address that is the
// app's own to route.
func Handler() http.Handler {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return handler(dist)
}

func handler(dist fs.FS) http.Handler {
	assets := map[string]asset{}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		content, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		assets["/"+name] = newAsset(name, content)
		return nil
	})
	if err != nil {
		panic(err) // an embedded folder can be read
	}
	page, ok := assets["/index.html"]
	if !ok {
		page = asset{media: "text/html; charset=utf-8", plain: []byte(notBuilt)}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a, ok := assets[r.URL.Path]
		if !ok {
			if path.Ext(r.URL.Path) != "" {
				http.NotFound(w, r)
				return
			}
			a = page
		}
		a.serve(w, r)
	})
}

func newAsset(name string, content []byte) asset {
	a := asset{media: mime.TypeByExtension(path.Ext(name)), plain: content, hashed: strings.HasPrefix(name, "assets/")}
	switch path.Ext(name) { // not every system knows these
	case ".js":
		a.media = "text/javascript; charset=utf-8"
	case ".css":
		a.media = "text/css; charset=utf-8"
	case ".svg":
		a.media = "image/svg+xml"
	case ".webmanifest":
		a.media = "application/manifest+json"
	case ".woff2":
		a.media = "font/woff2"
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // the level exists
	}
	z.Write(content) //nolint:errcheck // into memory
	z.Close()
	if b.Len() < len(content)*9/10 {
		a.gzip = b.Bytes()
	}
	return a
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if a.hashed {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	content := a.plain
	if a.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		content = a.gzip
	}
	if r.Method == http.MethodHead {
		return
	}
	w.Write(content)
}

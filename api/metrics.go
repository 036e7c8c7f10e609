package api

import (
	"net/http"

	"github.com/onepointledger/onepoint"
)

const metricsPath = "/metrics"

// serveMetrics shows the measurements to whoever may use the API.
func (a *API) serveMetrics(w http.ResponseWriter, r *http.Request) {
	switch {
	case a.Metrics == nil:
		writeProblem(w, r, onepoint.E(onepoint.CodeNotFound, "show metrics", "nothing is measured here", nil))
	case principal(r.Context()).Workspace == "":
		writeProblem(w, r, onepoint.E(onepoint.CodeUnauthenticated, "show metrics", "sign in, or send an API key as Authorization: Bearer", nil))
	default:
		w.Header().Set("Cache-Control", "no-store")
		a.Metrics.ServeHTTP(w, r)
	}
}

package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/onepointledger/onepoint"
)

const (
	eventPoll      = 150 * time.Millisecond
	eventHeartbeat = 15 * time.Second
	eventBatch     = 200
)

// streamEvents sends the workspace's events as they commit (server-sent events),
// from the number the reader saw last. The database is the source, so that every
// process can serve every reader.
func (a *API) streamEvents(w http.ResponseWriter, r *http.Request) {
	workspace := principal(r.Context()).Workspace
	if workspace == "" {
		writeProblem(w, r, onepoint.E(onepoint.CodeUnauthenticated, "follow events", "sign in, or send an API key", nil))
		return
	}
	after, err := a.startAfter(r, workspace)
	if err != nil {
		writeProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	fmt.Fprintf(w, "retry: 1000\n\n")
	if out.Flush() != nil {
		return
	}
	poll := time.NewTicker(eventPoll)
	defer poll.Stop()
	quiet := a.Now()
	for {
		events, err := a.Events.Events(r.Context(), workspace, after, eventBatch)
		if err != nil {
			return // the reader comes back with its number
		}
		for _, e := range events {
			if writeEvent(w, e) != nil {
				return
			}
			after = e.Seq
		}
		if len(events) == 0 && a.Now().Sub(quiet) >= eventHeartbeat {
			fmt.Fprint(w, ": still here\n\n")
			quiet = a.Now()
		}
		if out.Flush() != nil {
			return
		}
		if len(events) == eventBatch {
			continue
		}
		select {
		case <-r.Context().Done():
			return
		case <-a.Quit:
			return
		case <-poll.C:
		}
	}
}

func (a *API) startAfter(r *http.Request, workspace string) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return a.Events.LastEvent(r.Context(), workspace)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, onepoint.Missing("follow events", "after", "must be the number of an event")
	}
	return n, nil
}

func writeEvent(w http.ResponseWriter, e onepoint.Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Type, data)
	return err
}

// describeEvents adds the stream, which the framework does not serve, to the
// API's description.
func describeEvents(doc *huma.OpenAPI) {
	doc.AddOperation(&huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/events", OperationID: "events", Summary: "Follow events (server-sent events)",
		Description: "Each event has its number as id; a reader resumes with Last-Event-ID, or after=.",
		Parameters: []*huma.Param{
			{Name: "after", In: "query", Schema: &huma.Schema{Type: "integer"}, Description: "Number of the last event seen"},
			{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: "string"}},
		},
		Responses: map[string]*huma.Response{"200": {
			Description: "A stream of events", Content: map[string]*huma.MediaType{"text/event-stream": {}},
		}},
		Security: []map[string][]string{{"apiKey": {}}, {"session": {}}},
	})
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

type syncCmd struct {
	jsonFlag
	Connection string `arg:"" optional:"" help:"The connection's id."`
}

// Run asks for a sync of each connection and waits for it.
func (s *syncCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	ids := []string{s.Connection}
	if s.Connection == "" {
		if ids, err = activeConnections(c.Ctx, cl); err != nil {
			return err
		}
	}
	finished := []api.Sync{}
	for _, id := range ids {
		f, err := cl.follow(c.Ctx)
		if err != nil {
			return err
		}
		err = cl.call(c.Ctx, http.MethodPost, "/connections/"+url.PathEscape(id)+"/sync", nil, nil)
		var run api.Sync
		if err == nil {
			run, err = f.untilSynced(c, id, !s.JSON)
		}
		f.close()
		if err != nil {
			return err
		}
		finished = append(finished, run)
	}
	if s.JSON {
		return printJSON(c.Out, finished)
	}
	if len(finished) == 0 {
		fmt.Fprintln(c.Out, "No active connections. Make one with `onepoint connect BANK`.")
	}
	return nil
}

func activeConnections(ctx context.Context, cl *client) ([]string, error) {
	items, err := cl.list(ctx, "/connections", url.Values{}, 0)
	if err != nil {
		return nil, err
	}
	all, err := decodeAll[api.Connection](items)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, one := range all {
		if one.Status == "active" && one.Purpose == "accounts" {
			ids = append(ids, one.ID)
		}
	}
	return ids, nil
}

// follower reads the platform's event stream.
type follower struct {
	resp  *http.Response
	lines *bufio.Scanner
}

// follow opens the stream at the newest event; what happens from now on is seen.
func (c *client) follow(ctx context.Context) (*follower, error) {
	resp, err := c.send(ctx, http.MethodGet, "/events", nil) //nolint:bodyclose // the follower keeps it open and closes it
	if err != nil {
		return nil, err
	}
	f := &follower{resp, bufio.NewScanner(resp.Body)}
	f.lines.Buffer(nil, 1<<20)
	f.lines.Scan() // the stream's greeting: the server has noted where it begins
	return f, nil
}

func (f *follower) close() { f.resp.Body.Close() }

// untilSynced waits until the next sync of a connection ends, showing how far
// it is.
func (f *follower) untilSynced(c *cliContext, connection string, tell bool) (api.Sync, error) {
	bar := progress{c: c, tell: tell, live: terminal(c.Out)}
	var kind string
	for f.lines.Scan() {
		line := f.lines.Text()
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			kind = name
			continue
		}
		text, ok := strings.CutPrefix(line, "data: ")
		if ok && kind == string(onepoint.EventConnectionChanged) {
			if err := endedMeanwhile(text, connection); err != nil {
				return api.Sync{}, err
			}
		}
		if !ok || !strings.HasPrefix(kind, "sync.") {
			continue
		}
		var e struct {
			Subject string   `json:"subject"`
			Data    api.Sync `json:"data"`
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return api.Sync{}, onepoint.E(onepoint.CodeProtocol, "follow the sync", "the platform's event is not what this version expects", err)
		}
		if e.Subject != connection {
			continue
		}
		switch onepoint.EventType(kind) {
		case onepoint.EventSyncProgress:
			bar.show(e.Data)
		case onepoint.EventSyncFinished:
			bar.end(e.Data)
			return e.Data, nil
		case onepoint.EventSyncFailed:
			bar.end(e.Data)
			return e.Data, onepoint.E(onepoint.CodeUnavailable, "sync", e.Data.Message, nil)
		}
	}
	return api.Sync{}, onepoint.E(onepoint.CodeUnavailable, "follow the sync", "the platform stopped before the sync ended; it goes on when the platform is back", f.lines.Err())
}

// endedMeanwhile reads a change of the connection: one whose consent ended, at the
// bank or here, syncs no more.
func endedMeanwhile(text, connection string) error {
	var e struct {
		Subject string `json:"subject"`
		Data    struct {
			Status string `json:"status"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return onepoint.E(onepoint.CodeProtocol, "follow the sync", "the platform's event is not what this version expects", err)
	}
	if e.Subject != connection || e.Data.Status == "active" {
		return nil
	}
	return onepoint.E(onepoint.CodeConflict, "sync", "the consent of this connection has ended; connect the bank again", nil)
}

// progress shows a sync: a bar on a terminal, a line at the end elsewhere.
type progress struct {
	c          *cliContext
	tell, live bool
}

const barWidth = 24

func (p *progress) show(s api.Sync) {
	if !p.tell || !p.live {
		return
	}
	filled := 0
	if s.AccountsTotal > 0 {
		filled = barWidth * s.AccountsDone / s.AccountsTotal
	}
	fmt.Fprintf(p.c.Out, "\r[%s%s] %d of %d accounts, %d transactions ", strings.Repeat("#", filled), strings.Repeat("-", barWidth-filled),
		s.AccountsDone, s.AccountsTotal, s.Seen)
}

func (p *progress) end(s api.Sync) {
	if !p.tell {
		return
	}
	if p.live {
		p.show(s)
		fmt.Fprintln(p.c.Out)
	}
	if s.State == "failed" {
		return // the error says it
	}
	line := "synced " + strconv.Itoa(s.AccountsDone) + " accounts: " + strconv.Itoa(s.Seen) + " transactions read, " +
		strconv.Itoa(s.Added) + " new, " + strconv.Itoa(s.Updated) + " changed"
	if s.Message != "" {
		line += " (" + s.Message + ")"
	}
	fmt.Fprintln(p.c.Out, line)
}

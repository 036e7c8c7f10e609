package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

const clientLimit = 60 * time.Second

// cliContext is what every command gets.
type cliContext struct {
	Ctx      context.Context
	Out, Err io.Writer
	Data     string
	Server   string
	Token    string
	Now      onepoint.Clock
}

// client calls the platform's API.
type client struct {
	server string
	token  string
	http   *http.Client
}

func readLocalAccess(dir string) (localAccess, error) {
	var a localAccess
	content, err := os.ReadFile(filepath.Join(dir, "client.json"))
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(content, &a); err != nil {
		return a, fmt.Errorf("read %s: %w", filepath.Join(dir, "client.json"), err)
	}
	return a, nil
}

// client finds the platform: by --server and --token, else by what `up` left in
// the data folder.
func (c *cliContext) client() (*client, error) {
	server, token := c.Server, c.Token
	if server == "" || token == "" {
		local, err := readLocalAccess(c.Data)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if server == "" {
			server = local.Server
			if token == "" {
				token = local.Token
			}
		}
	}
	if server == "" {
		return nil, onepoint.E(onepoint.CodeUnavailable, "find the platform", fmt.Sprintf("no platform known in %s; start one with `onepoint up`, or give --server and --token", c.Data), nil)
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, onepoint.Missing("find the platform", "--server", "must be an address such as http://127.0.0.1:8080")
	}
	if token == "" {
		return nil, onepoint.Missing("find the platform", "--token", "an API key is needed; set ONEPOINT_TOKEN")
	}
	return &client{strings.TrimSuffix(server, "/"), token, &http.Client{}}, nil
}

// send makes a call and returns its answer; the caller closes the body.
func (c *client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	return c.sendWith(ctx, method, path, nil, in)
}

// sendWith is send with headers of its own.
func (c *client) sendWith(ctx context.Context, method, path string, header http.Header, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.server+"/api/v1"+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, onepoint.E(onepoint.CodeUnavailable, "call the platform", "stopped before the platform answered", err)
		}
		return nil, onepoint.E(onepoint.CodeUnavailable, "call the platform", fmt.Sprintf("the platform at %s does not answer; start it with `onepoint up`", c.server), err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	var p api.Problem
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&p); err != nil || p.Code == "" {
		return nil, onepoint.E(onepoint.CodeProtocol, "call the platform", fmt.Sprintf("%s answered with status %d; is it a One Point Ledger?", c.server, resp.StatusCode), nil)
	}
	detail := p.Detail
	for _, f := range p.Fields {
		if !strings.Contains(detail, f.Message) {
			detail += "; " + f.Name + " " + f.Message
		}
	}
	return nil, &onepoint.Error{Code: onepoint.Code(p.Code), Op: "call the platform", Msg: detail}
}

// call makes a call and decodes its answer.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	return c.callWith(ctx, method, path, nil, in, out)
}

// callWith is call with headers of its own.
func (c *client) callWith(ctx context.Context, method, path string, header http.Header, in, out any) error {
	return c.callFor(ctx, clientLimit, method, path, header, in, out)
}

// callWithin is call with a limit of its own.
func (c *client) callWithin(ctx context.Context, limit time.Duration, method, path string, in, out any) error {
	return c.callFor(ctx, limit, method, path, nil, in, out)
}

func (c *client) callFor(ctx context.Context, limit time.Duration, method, path string, header http.Header, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	resp, err := c.sendWith(ctx, method, path, header, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return onepoint.E(onepoint.CodeProtocol, "call the platform", "the platform's answer is not what this version expects", err)
	}
	return nil
}

// page is one page of a list, its items as the API sent them.
type page struct {
	Items []json.RawMessage `json:"items"`
	Next  string            `json:"next"`
}

// list reads a list, page after page, until limit items; 0 is all.
func (c *client) list(ctx context.Context, path string, q url.Values, limit int) ([]json.RawMessage, error) {
	all := []json.RawMessage{}
	for {
		var p page
		address := path
		if len(q) > 0 {
			address += "?" + q.Encode()
		}
		if err := c.call(ctx, http.MethodGet, address, nil, &p); err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if limit > 0 && len(all) >= limit {
			return all[:limit], nil
		}
		if p.Next == "" {
			return all, nil
		}
		q.Set("cursor", p.Next)
	}
}

func decodeAll[T any](items []json.RawMessage) ([]T, error) {
	out := make([]T, len(items))
	for i, raw := range items {
		if err := json.Unmarshal(raw, &out[i]); err != nil {
			return nil, onepoint.E(onepoint.CodeProtocol, "call the platform", "the platform's answer is not what this version expects", err)
		}
	}
	return out, nil
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

type credentialsCmd struct {
	List   credentialsListCmd   `cmd:"" help:"List the credential sets; secrets are never shown."`
	Set    credentialsSetCmd    `cmd:"" help:"Save or change a credential set. What is not named stays as it is."`
	Remove credentialsRemoveCmd `cmd:"" help:"Remove a credential set that no registered bank needs."`
}

type credentialsListCmd struct{ jsonFlag }

// Run lists the sets.
func (l *credentialsListCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, "/credentials", url.Values{}, 0)
	if err != nil {
		return err
	}
	titles := []string{"GROUP", "LABEL", "HOLDS", "CLIENT", "UNTIL", "STATUS", "BANKS"}
	return show(c, l.JSON, items, "No credentials. Save some with `onepoint credentials set GROUP`.", titles, func(t *table, one api.Credential) {
		var banks []string
		for _, b := range one.Banks {
			mark := ""
			if b.Registered {
				mark = " (registered)"
			}
			banks = append(banks, b.ID+mark)
		}
		t.add(one.Group, shorten(orDash(one.Label), 30), strings.Join(one.Holds, ", "), shorten(orDash(one.ClientID), 30), day(one.ValidUntil), one.Status, strings.Join(banks, ", "))
	})
}

type credentialsSetCmd struct {
	jsonFlag
	Group      string            `arg:"" help:"The group of banks: a bank's id, where its profile names no other."`
	Label      *string           `help:"Your name for it."`
	ClientID   *string           `help:"The client id." name:"client-id"`
	SecretFile string            `help:"File with the client secret; - is standard input." placeholder:"FILE"`
	APIKeyFile string            `help:"File with the API key; - is standard input." name:"api-key-file" placeholder:"FILE"`
	More       map[string]string `help:"File with a token of the bank's own kind." placeholder:"NAME=FILE"`
	ValidFrom  string            `help:"First day it holds." placeholder:"YYYY-MM-DD"`
	ValidUntil string            `help:"Day it ends." placeholder:"YYYY-MM-DD"`
}

// Run saves a set. No secret is taken from the command line, which others on the
// machine can read.
func (s *credentialsSetCmd) Run(c *cliContext) error {
	change, err := s.change()
	if err != nil {
		return err
	}
	if len(change) == 0 {
		return onepoint.Missing("save credentials", "credentials set", "needs something to save; see --help")
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := cl.call(c.Ctx, http.MethodPut, "/credentials/"+url.PathEscape(s.Group), change, &raw); err != nil {
		return err
	}
	if s.JSON {
		return printJSON(c.Out, raw)
	}
	var saved api.Credential
	if err := json.Unmarshal(raw, &saved); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	fmt.Fprintf(c.Out, "%s now holds: %s\n", saved.Group, strings.Join(saved.Holds, ", "))
	return nil
}

func (s *credentialsSetCmd) change() (map[string]any, error) {
	change := map[string]any{}
	if s.Label != nil {
		change["label"] = *s.Label
	}
	if s.ClientID != nil {
		change["clientId"] = *s.ClientID
	}
	more, stdins := map[string]string{}, 0
	read := func(flag, file string, keep func(string)) error {
		if file == "-" {
			if stdins++; stdins > 1 {
				return onepoint.Missing("save credentials", flag, "standard input can be given once")
			}
		}
		value, err := secretFrom(flag, file)
		if err == nil {
			keep(value)
		}
		return err
	}
	for _, f := range []struct{ flag, file, name string }{{"--secret-file", s.SecretFile, "clientSecret"}, {"--api-key-file", s.APIKeyFile, "apiKey"}} {
		if f.file == "" {
			continue
		}
		if err := read(f.flag, f.file, func(v string) { change[f.name] = v }); err != nil {
			return nil, err
		}
	}
	for name, file := range s.More {
		if err := read("--more "+name, file, func(v string) { more[name] = v }); err != nil {
			return nil, err
		}
		change["more"] = more
	}
	for _, f := range []struct{ flag, date, name string }{{"--valid-from", s.ValidFrom, "validFrom"}, {"--valid-until", s.ValidUntil, "validUntil"}} {
		if f.date == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, f.date)
		if err != nil {
			return nil, onepoint.Missing("save credentials", f.flag, "must be a date like 2026-03-31")
		}
		change[f.name] = at
	}
	return change, nil
}

const maxSecretFile = 64 << 10

// secretFrom reads a secret from a file; - is standard input.
func secretFrom(flag, file string) (string, error) {
	in := io.Reader(os.Stdin)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", onepoint.Missing("read a secret", flag, "cannot be read: "+err.Error())
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxSecretFile+1))
	switch {
	case err != nil:
		return "", onepoint.Missing("read a secret", flag, "cannot be read: "+err.Error())
	case len(content) > maxSecretFile:
		return "", onepoint.Missing("read a secret", flag, "is longer than 64 kB")
	case strings.TrimSpace(string(content)) == "":
		return "", onepoint.Missing("read a secret", flag, "is empty")
	}
	return strings.TrimSpace(string(content)), nil
}

type credentialsRemoveCmd struct {
	Group string `arg:"" help:"The group of banks."`
}

// Run removes a set.
func (r *credentialsRemoveCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	if err := cl.call(c.Ctx, http.MethodDelete, "/credentials/"+url.PathEscape(r.Group), nil, nil); err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "credentials of %s removed\n", r.Group)
	return nil
}

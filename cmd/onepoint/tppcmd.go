package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

type tppCmd struct {
	Register   tppRegisterCmd   `cmd:"" help:"Register at a bank, or take a stopped registration up again."`
	Resume     tppRegisterCmd   `cmd:"" help:"Take a stopped registration up again; the same as register."`
	Status     tppStatusCmd     `cmd:"" help:"Show the registration, certificates and credentials at every bank."`
	Show       tppShowCmd       `cmd:"" help:"Show one registration: its steps, and what was said to the bank."`
	Export     tppExportCmd     `cmd:"" help:"Write the files of a registration: PEM, JWT, JSON. No private key is among them."`
	Deregister tppDeregisterCmd `cmd:"" help:"End the registration at a bank."`
}

type tppRegisterCmd struct {
	jsonFlag
	Bank    string            `arg:"" help:"The bank's id, as 'onepoint banks' shows it."`
	Set     map[string]string `help:"Answer to what the registration asks for." placeholder:"NAME=VALUE"`
	SetFile map[string]string `help:"The same, read from a file, so that a secret is in no command line; - is standard input." placeholder:"NAME=FILE"`
}

// Run registers, printing steps as they pass.
func (r *tppRegisterCmd) Run(c *cliContext) error {
	input, err := r.answers()
	if err != nil {
		return err
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	var reg api.Registration
	if err := cl.call(c.Ctx, http.MethodPost, "/registrations", map[string]any{"bank": r.Bank, "input": input}, &reg); err != nil {
		return err
	}
	if err := r.follow(c, cl, &reg); err != nil {
		return err
	}
	if r.JSON {
		if err := printJSON(c.Out, reg); err != nil {
			return err
		}
	}
	if reg.Status != "registered" {
		return r.stopped(reg)
	}
	if !r.JSON {
		fmt.Fprintf(c.Out, "registered at %s as %s\n", r.Bank, reg.ClientID)
	}
	return nil
}

func (r *tppRegisterCmd) answers() (map[string]string, error) {
	input := map[string]string{}
	for name, value := range r.Set {
		input[name] = value
	}
	for name, file := range r.SetFile {
		var content []byte
		var err error
		if file == "-" {
			content, err = io.ReadAll(io.LimitReader(os.Stdin, 64<<10))
		} else {
			content, err = os.ReadFile(file)
		}
		if err != nil {
			return nil, onepoint.Missing("register", "--set-file "+name, "cannot be read: "+err.Error())
		}
		input[name] = strings.TrimSpace(string(content))
	}
	return input, nil
}

// follow tells each step as it passes, and once why it waits.
func (r *tppRegisterCmd) follow(c *cliContext, cl *client, reg *api.Registration) error {
	told, waiting := 0, ""
	for {
		for ; told < len(reg.Steps) && reg.Steps[told].Status == "done"; told++ {
			if !r.JSON {
				fmt.Fprintf(c.Out, "  %s\n", reg.Steps[told].Title)
			}
		}
		if reg.Status != "running" && reg.Status != "waiting_for_bank" {
			return nil
		}
		if reg.Status == "waiting_for_bank" && reg.Message != waiting && !r.JSON {
			waiting = reg.Message
			fmt.Fprintf(c.Out, "  waiting: %s\n", waiting)
		}
		if err := pause(c, 100*time.Millisecond); err != nil {
			return err
		}
		if err := cl.call(c.Ctx, http.MethodGet, "/registrations/"+url.PathEscape(r.Bank), nil, reg); err != nil {
			return err
		}
	}
}

// stopped says why, and what to run next.
func (r *tppRegisterCmd) stopped(reg api.Registration) error {
	msg := reg.Message
	if reg.Status == "needs_input" {
		for _, line := range reg.Guide {
			msg += "\n  " + line
		}
		msg += "; then run: onepoint tpp resume " + r.Bank
		for _, f := range reg.Needs {
			if f.Secret {
				msg += " --set-file " + f.Name + "=FILE"
			} else {
				msg += " --set " + f.Name + "=VALUE"
			}
		}
	}
	return onepoint.E(onepoint.CodeConflict, "register", msg, nil)
}

func pause(c *cliContext, d time.Duration) error {
	select {
	case <-c.Ctx.Done():
		return onepoint.E(onepoint.CodeUnavailable, "wait", "stopped", c.Ctx.Err())
	case <-time.After(d):
		return nil
	}
}

type tppStatusCmd struct{ jsonFlag }

// Run lists registrations.
func (s *tppStatusCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, "/registrations", url.Values{}, 0)
	if err != nil {
		return err
	}
	titles := []string{"BANK", "STATUS", "STEPS", "CLIENT", "TRANSPORT", "SEAL", "CREDENTIALS", "NOTE"}
	return show(c, s.JSON, items, "No banks.", titles, func(t *table, one api.Registration) {
		done := 0
		for _, step := range one.Steps {
			if step.Status == "done" {
				done++
			}
		}
		note := one.Message
		if note == "" && one.Health.Status != "ok" {
			note = one.Health.Message
		}
		t.add(one.Bank, one.Status, fmt.Sprintf("%d of %d", done, len(one.Steps)), shorten(orDash(one.ClientID), 30),
			certificateLine(one.Health.Transport), certificateLine(one.Health.Seal), credentialLine(one.Health.Credential), shorten(note, 80))
	})
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func certificateLine(h *api.CertificateHealth) string {
	if h == nil {
		return "-"
	}
	if h.Status == "ok" && h.NotAfter.IsZero() {
		return "ok, a key"
	}
	if h.Status == "ok" {
		return "ok, until " + h.NotAfter.Format(time.DateOnly)
	}
	return strings.ToUpper(h.Status) + ": " + shorten(h.Message, 40)
}

func credentialLine(h *api.CredentialHealth) string {
	if h == nil {
		return "-"
	}
	line := strings.Join(h.Holds, ", ")
	if h.Status != "ok" {
		line = strings.ToUpper(h.Status) + ": " + line
	}
	return line
}

type tppShowCmd struct {
	jsonFlag
	Bank  string `arg:"" help:"The bank's id."`
	Calls bool   `help:"Show each call with its headers and bodies, secrets masked."`
}

// Run shows a registration with its transcript.
func (s *tppShowCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	path := "/registrations/" + url.PathEscape(s.Bank)
	var reg api.Registration
	if err := cl.call(c.Ctx, http.MethodGet, path, nil, &reg); err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, path+"/exchanges", url.Values{}, 0)
	if err != nil {
		return err
	}
	if s.JSON {
		return printJSON(c.Out, map[string]any{"registration": reg, "exchanges": items})
	}
	traces, err := decodeAll[onepoint.Trace](items)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "%s: %s\n", reg.Bank, reg.Status)
	if reg.Message != "" {
		fmt.Fprintf(c.Out, "  %s\n", reg.Message)
	}
	for _, step := range reg.Steps {
		fmt.Fprintf(c.Out, "\n[%s] %s\n", step.Status, step.Title)
		if step.Help != "" {
			fmt.Fprintf(c.Out, "  %s\n", step.Help)
		}
		for _, e := range traces {
			if e.Step == step.Name {
				s.exchange(c, e)
			}
		}
	}
	return nil
}

func (s *tppShowCmd) exchange(c *cliContext, e onepoint.Trace) {
	outcome := fmt.Sprint(e.Status)
	if e.Error != "" {
		outcome = e.Error
	}
	fmt.Fprintf(c.Out, "  %s %s → %s, %d ms\n", e.Method, e.URL, outcome, e.Took.Milliseconds())
	if !s.Calls {
		return
	}
	for _, part := range []struct {
		mark   string
		header map[string]string
		body   string
	}{{"> ", e.RequestHeader, e.RequestBody}, {"< ", e.ResponseHeader, e.ResponseBody}} {
		names := make([]string, 0, len(part.header))
		for name := range part.header {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			fmt.Fprintf(c.Out, "    %s%s: %s\n", part.mark, name, part.header[name])
		}
		for line := range strings.Lines(part.body) {
			fmt.Fprintf(c.Out, "    %s%s\n", part.mark, strings.TrimRight(line, "\n"))
		}
	}
}

type tppExportCmd struct {
	Bank string `arg:"" help:"The bank's id."`
	To   string `help:"Folder to write to." default:"." type:"path"`
}

// Run writes the files of a registration.
func (x *tppExportCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	path := "/registrations/" + url.PathEscape(x.Bank)
	var reg api.Registration
	if err := cl.call(c.Ctx, http.MethodGet, path, nil, &reg); err != nil {
		return err
	}
	if len(reg.Files) == 0 {
		return onepoint.E(onepoint.CodeConflict, "export", "the registration at "+x.Bank+" has made no files yet", nil)
	}
	if err := os.MkdirAll(x.To, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", x.To, err)
	}
	for _, name := range reg.Files {
		var file api.RegistrationFile
		if err := cl.call(c.Ctx, http.MethodGet, path+"/files/"+url.PathEscape(name), nil, &file); err != nil {
			return err
		}
		if name != filepath.Base(name) {
			return onepoint.E(onepoint.CodeProtocol, "export", "the platform names a file outside the folder", nil)
		}
		if err := writeFile(filepath.Join(x.To, name), []byte(file.Content), 0o600); err != nil {
			return err
		}
		fmt.Fprintln(c.Out, filepath.Join(x.To, name))
	}
	return nil
}

type tppDeregisterCmd struct {
	jsonFlag
	Bank string `arg:"" help:"The bank's id."`
	Yes  bool   `help:"Do it without asking: connections to this bank will stop."`
}

// Run ends the registration.
func (d *tppDeregisterCmd) Run(c *cliContext) error {
	if !d.Yes {
		return onepoint.Missing("deregister", "--yes", "is needed: connections to this bank will stop")
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	var left api.Left
	if err := cl.call(c.Ctx, http.MethodDelete, "/registrations/"+url.PathEscape(d.Bank), nil, &left); err != nil {
		return err
	}
	if d.JSON {
		return printJSON(c.Out, left)
	}
	fmt.Fprintf(c.Out, "no longer registered at %s\n", d.Bank)
	if left.Left != "" {
		fmt.Fprintf(c.Out, "  %s\n", left.Left)
	}
	return nil
}

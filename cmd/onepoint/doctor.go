package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

// doctorCmd checks what commonly breaks.
type doctorCmd struct {
	JSON bool `help:"Print one JSON array."`
}

// Run asks the running platform; when there is none it checks what can be seen
// from here. It fails when any check does.
func (d *doctorCmd) Run(c *cliContext) error {
	checks, err := d.remote(c)
	if err != nil {
		checks = append([]api.Check{broken("platform", "start it with `onepoint up`", "%s", oneLine(err))}, examineFolder(c.Data)...)
	} else {
		checks = append([]api.Check{passed("platform", "answers")}, checks...)
	}
	if d.JSON {
		if err := json.NewEncoder(c.Out).Encode(checks); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	} else {
		printChecks(c, checks)
	}
	failing := 0
	for _, check := range checks {
		if check.Status == "fail" {
			failing++
		}
	}
	if failing > 0 {
		return onepoint.E(onepoint.CodeConflict, "doctor", fmt.Sprintf("%d of %d checks failed", failing, len(checks)), nil)
	}
	return nil
}

func printChecks(c *cliContext, checks []api.Check) {
	mark := map[string]string{"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}
	for _, check := range checks {
		fmt.Fprintf(c.Out, "%s  %-18s %s\n", mark[check.Status], check.Name, check.Message)
		if check.Remedy != "" {
			fmt.Fprintf(c.Out, "      %-18s → %s\n", "", check.Remedy)
		}
	}
}

// examineFolder checks a data folder whose platform does not run.
func examineFolder(dir string) []api.Check {
	var checks []api.Check
	key := filepath.Join(dir, "vault.key")
	info, err := os.Stat(key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Join(dir, "platform.db")); err == nil {
			checks = append(checks, broken("vault key", "restore it from its backup; without it the sealed data cannot be read", "%s is missing, but there is a database", key))
		} else {
			checks = append(checks, passed("vault key", "none yet; `onepoint up` makes it"))
		}
	case err != nil:
		checks = append(checks, broken("vault key", "make the data folder readable", "cannot read %s", key))
	case info.Mode().Perm()&0o077 != 0:
		checks = append(checks, broken("vault key", "chmod 600 "+key, "%s can be read by others", key))
	default:
		checks = append(checks, passed("vault key", "present, readable by its owner only"))
	}
	for _, addr := range []string{"127.0.0.1:8080", "127.0.0.1:8443"} {
		checks = append(checks, examinePort(addr))
	}
	return checks
}

func examinePort(addr string) api.Check {
	l, err := net.Listen("tcp", addr) //nolint:noctx // binds and lets go at once
	if err != nil {
		return broken("port "+addr, "stop what uses it, or give `onepoint up` another with --listen or --bank-listen", "in use")
	}
	l.Close()
	return passed("port "+addr, "free")
}

// remote asks the running platform.
func (d *doctorCmd) remote(c *cliContext) ([]api.Check, error) {
	cl, err := c.client()
	if err != nil {
		return nil, err
	}
	items, err := cl.list(c.Ctx, "/doctor", url.Values{}, 0)
	if err != nil {
		return nil, err
	}
	return decodeAll[api.Check](items)
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

type callCmd struct {
	jsonFlag
	Bank       string   `arg:"" help:"The bank's id, as 'onepoint banks' shows it."`
	Operation  string   `arg:"" optional:"" help:"What to call; without it the bank's operations are listed."`
	Set        []string `help:"A field of the operation; once for each." sep:"none" placeholder:"NAME=VALUE"`
	Connection string   `help:"The connection under whose consent to call, for what is called for a user." placeholder:"ID"`
}

// Run lists the bank's operations, or makes one call and prints its answer.
func (n *callCmd) Run(c *cliContext) error {
	in, err := n.input()
	if err != nil {
		return err
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, "/banks/"+url.PathEscape(n.Bank)+"/operations", url.Values{}, 0)
	if err != nil {
		return err
	}
	all, err := decodeAll[api.Operation](items)
	if err != nil {
		return err
	}
	if n.Operation == "" {
		if n.JSON {
			return printJSON(c.Out, items)
		}
		n.describe(c, all)
		return nil
	}
	path, err := n.path(c, cl, all)
	if err != nil {
		return err
	}
	var answer api.Answer
	if err := cl.call(c.Ctx, http.MethodPost, path+"/operations/"+url.PathEscape(n.Operation), map[string]any{"input": in}, &answer); err != nil {
		return err
	}
	return n.print(c, answer)
}

// input reads --set.
func (n *callCmd) input() (map[string]string, error) {
	const op = "call"
	if n.Operation == "" && (len(n.Set) > 0 || n.Connection != "") {
		return nil, onepoint.Missing(op, "OPERATION", "is needed with --set and --connection")
	}
	in := map[string]string{}
	for _, pair := range n.Set {
		name, value, ok := strings.Cut(pair, "=")
		if _, twice := in[name]; !ok || name == "" || twice {
			return nil, onepoint.Missing(op, "--set", "must be NAME=VALUE, once for each name")
		}
		in[name] = value
	}
	return in, nil
}

// describe lists operations with what each takes.
func (n *callCmd) describe(c *cliContext, all []api.Operation) {
	if len(all) == 0 {
		fmt.Fprintf(c.Out, "%s has no operations of its own.\n", n.Bank)
		return
	}
	for i, o := range all {
		if i > 0 {
			fmt.Fprintln(c.Out)
		}
		who := "for a user: --connection ID"
		if o.Client {
			who = "as ourselves"
		}
		if o.Changes {
			who += "; changes something"
		}
		fmt.Fprintf(c.Out, "%s  %s (%s)\n", printable(o.Name), printable(o.Title), who)
		if o.Help != "" {
			fmt.Fprintf(c.Out, "    %s\n", printable(o.Help))
		}
		for _, f := range o.Fields {
			optional := ""
			if f.Optional {
				optional = " (optional)"
			}
			fmt.Fprintf(c.Out, "    %s%s: %s\n", printable(f.Name), optional, printable(f.Message))
		}
	}
}

// path is where the operation is called: at the bank, or at a connection of it.
func (n *callCmd) path(c *cliContext, cl *client, all []api.Operation) (string, error) {
	const op = "call"
	i := slices.IndexFunc(all, func(o api.Operation) bool { return o.Name == n.Operation })
	switch {
	case i < 0 && len(all) == 0:
		return "", onepoint.Missing(op, "OPERATION", n.Bank+" has no operations of its own")
	case i < 0:
		names := make([]string, len(all))
		for i, o := range all {
			names[i] = o.Name
		}
		return "", onepoint.Missing(op, "OPERATION", fmt.Sprintf("%s has none of this name; it has %s", n.Bank, strings.Join(names, ", ")))
	case all[i].Client && n.Connection != "":
		return "", onepoint.Missing(op, "--connection", "must be left out: "+n.Operation+" is called as ourselves")
	case all[i].Client:
		return "/banks/" + url.PathEscape(n.Bank), nil
	case n.Connection == "":
		return "", onepoint.Missing(op, "--connection", n.Operation+" is called for a user; `onepoint connections` shows the connections")
	}
	return n.connectionPath(c, cl)
}

// connectionPath is the connection's, once it is known to be one at the bank.
func (n *callCmd) connectionPath(c *cliContext, cl *client) (string, error) {
	const op = "call"
	path := "/connections/" + url.PathEscape(n.Connection)
	var conn api.Connection
	err := cl.call(c.Ctx, http.MethodGet, path, nil, &conn)
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeNotFound:
		return "", onepoint.E("", op, "there is no such connection; `onepoint connections` lists them", err)
	case err != nil:
		return "", err
	case conn.Bank != n.Bank:
		return "", onepoint.Missing(op, "--connection", "is one at "+conn.Bank+", not at "+n.Bank)
	}
	return path, nil
}

// print shows the bank's own JSON: indented for people, as the API sent it for
// scripts.
func (n *callCmd) print(c *cliContext, answer api.Answer) error {
	if n.JSON {
		return printJSON(c.Out, answer.Answer)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, answer.Answer, "", "  "); err != nil {
		return onepoint.E(onepoint.CodeProtocol, "call", "the platform's answer is not what this version expects", err)
	}
	_, err := fmt.Fprintln(c.Out, harmless(b.String()))
	return err
}

// harmless keeps a bank's text from moving the terminal's cursor, in JSON that has
// lines of its own.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, s)
}

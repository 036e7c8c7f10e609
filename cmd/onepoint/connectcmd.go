package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

type connectCmd struct {
	jsonFlag
	Bank     string `arg:"" help:"The bank's id, as 'onepoint banks' shows it."`
	Days     int    `help:"How long the consent shall last; 0 for as long as the bank allows." default:"0"`
	Funds    bool   `help:"Ask to confirm funds instead of reading accounts."`
	Account  string `help:"With --funds: the IBAN to ask about." placeholder:"IBAN"`
	PSU      string `name:"psu" help:"Login at a local model bank, with --approve." placeholder:"LOGIN"`
	Password string `help:"Password at the local model bank; the published one by default." env:"ONEPOINT_PSU_PASSWORD" placeholder:"WORD"`
	Approve  bool   `help:"Log in and agree at a local model bank, and return when connected: for tests and demos."`
	Refuse   bool   `help:"Log in and refuse instead."`
}

// Run asks for consent; it prints where the user must go, or goes there itself.
func (n *connectCmd) Run(c *cliContext) error {
	driving := n.Approve || n.Refuse
	if driving != (n.PSU != "") || n.Approve && n.Refuse {
		return onepoint.Missing("connect", "--psu", "goes together with --approve or --refuse")
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	var conn api.Connection
	if err := cl.call(c.Ctx, http.MethodPost, "/connections", n.request(), &conn); err != nil {
		return err
	}
	if driving {
		if conn, err = n.drive(c, cl, conn); err != nil {
			return err
		}
	}
	if n.JSON {
		return printJSON(c.Out, conn)
	}
	if !driving {
		fmt.Fprintf(c.Out, "Open this address, log in at %s and agree:\n\n  %s\n\nThen `onepoint connections` shows %s.\n", conn.BankName, conn.Redirect, conn.ID)
	} else if conn.Status == "active" && conn.Purpose == "funds" {
		fmt.Fprintf(c.Out, "connected: %s; ask with `onepoint funds %s AMOUNT`\n", conn.ID, conn.ID)
	} else if conn.Status == "active" {
		fmt.Fprintf(c.Out, "connected: %s, %d accounts\n", conn.ID, conn.Accounts)
	}
	return nil
}

func (n *connectCmd) request() map[string]any {
	in := map[string]any{"bank": n.Bank, "days": n.Days}
	if n.Funds {
		in["purpose"] = "funds"
	}
	if n.Account != "" {
		in["account"] = n.Account
	}
	return in
}

// drive is the user at the bank's pages.
func (n *connectCmd) drive(c *cliContext, cl *client, conn api.Connection) (api.Connection, error) {
	flat, err := visitBank(c, cl, bankVisit{Bank: n.Bank, Redirect: conn.Redirect, PSU: n.PSU, Password: n.Password, Approve: n.Approve})
	if err != nil {
		return conn, err
	}
	events, err := cl.follow(c.Ctx) // before the callback, so that no event of the sync is missed
	if err != nil {
		return conn, err
	}
	defer events.close()
	if err := cl.call(c.Ctx, http.MethodPost, "/callback", map[string]any{"params": flat}, &conn); err != nil {
		return conn, err
	}
	if conn.Status != "active" {
		if n.JSON {
			if err := printJSON(c.Out, conn); err != nil {
				return conn, err
			}
		}
		return conn, onepoint.E(onepoint.CodeConflict, "connect", "not connected: "+conn.Message, nil)
	}
	if conn.Purpose == "funds" {
		return conn, nil
	}
	if _, err := events.untilSynced(c, conn.ID, !n.JSON); err != nil {
		return conn, err
	}
	return conn, cl.call(c.Ctx, http.MethodGet, "/connections/"+url.PathEscape(conn.ID), nil, &conn)
}

// bankVisit is a user's way through a model bank's pages.
type bankVisit struct {
	Bank, Redirect, PSU, Password string
	Approve                       bool
}

// visitBank walks the pages and returns what the bank sends back.
func visitBank(c *cliContext, cl *client, v bankVisit) (map[string]string, error) {
	published, err := publishedUser(c.Ctx, cl, v.Bank, v.PSU)
	if err != nil {
		return nil, err
	}
	if v.Password == "" {
		v.Password = published.Password
	}
	b, err := newBrowser(c.Data, v.Redirect)
	if err != nil {
		return nil, err
	}
	b.totp = published.TOTP
	params, err := b.consent(c.Ctx, v.Redirect, v.PSU, v.Password, v.Approve)
	if err != nil {
		return nil, err
	}
	flat := map[string]string{}
	for name := range params {
		flat[name] = params.Get(name)
	}
	return flat, nil
}

// publishedUser is what the model bank publishes of a login. Its seeded customers
// share password and codes: for one that is not listed the first will do.
func publishedUser(ctx context.Context, cl *client, bank, login string) (api.TestUser, error) {
	var b api.Bank
	if err := cl.call(ctx, http.MethodGet, "/banks/"+url.PathEscape(bank), nil, &b); err != nil {
		return api.TestUser{}, err
	}
	if len(b.TestUsers) == 0 {
		return api.TestUser{}, onepoint.Missing("connect", "--password", "this bank publishes none")
	}
	for _, u := range b.TestUsers {
		if u.Login == login {
			return u, nil
		}
	}
	return b.TestUsers[0], nil
}

// browser walks through a model bank's pages as a user does.
type browser struct {
	http *http.Client
	at   *url.URL // the bank
	totp string   // secret of the user's one-time codes
}

func newBrowser(data, start string) (*browser, error) {
	u, err := url.Parse(start)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeProtocol, "visit the bank", "the bank's address is malformed", err)
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return nil, onepoint.E(onepoint.CodeForbidden, "visit the bank", "--approve is for a model bank on this machine only; open the address in a browser instead", nil)
	}
	roots := x509.NewCertPool()
	root, err := os.ReadFile(filepath.Join(data, "qtsp-root.pem"))
	if err != nil || !roots.AppendCertsFromPEM(root) {
		return nil, onepoint.E(onepoint.CodeCertificateInvalid, "visit the bank", "the local bank's root certificate is not in "+data+"; give the platform's folder with --data", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make a cookie jar: %w", err)
	}
	b := &browser{at: u}
	b.http = &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if req.URL.Host != u.Host || len(via) > 10 {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	return b, nil
}

// consent logs in, decides, and returns the parameters that the bank sends back.
func (b *browser) consent(ctx context.Context, start, login, password string, approve bool) (url.Values, error) {
	resp, err := b.visit(ctx, http.MethodGet, start, nil)
	codes := &codeBook{secret: b.totp}
	for range 10 { // login, code, consent, and room for codes that were used
		if err != nil {
			return nil, err
		}
		if back := leaving(resp); back != nil {
			resp.Body.Close()
			return back, nil
		}
		var f form
		if f, err = readForm(resp); err != nil {
			return nil, err
		}
		if err := b.fill(ctx, &f, codes, login, password, approve); err != nil {
			return nil, err
		}
		resp, err = b.visit(ctx, http.MethodPost, resp.Request.URL.ResolveReference(f.action).String(), f.values)
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if back := leaving(resp); back != nil {
		return back, nil
	}
	return nil, onepoint.E(onepoint.CodeProtocol, "visit the bank", "the bank's pages do not lead back", nil)
}

// fill enters what a page asks for.
func (b *browser) fill(ctx context.Context, f *form, codes *codeBook, login, password string, approve bool) error {
	switch {
	case f.has("password") && f.tried:
		return onepoint.E(onepoint.CodeUnauthenticated, "log in at the bank", "the bank refused the login: "+f.fault, nil)
	case f.has("password"):
		f.values.Set("login", login)
		f.values.Set("password", password)
		f.values.Set("action", "login")
	case f.has("code"):
		code, err := codes.next(ctx)
		if err != nil {
			return onepoint.E("", "log in at the bank", "the bank refused the codes: "+f.fault, err)
		}
		f.values.Set("code", code)
		f.values.Set("action", "verify")
	case approve:
		f.values.Set("action", "allow")
	default:
		f.values.Set("action", "refuse")
	}
	return nil
}

// leaving is where a redirect away from the bank leads: its query and fragment.
func leaving(resp *http.Response) url.Values {
	if resp.StatusCode < 300 || resp.StatusCode > 399 {
		return nil
	}
	to, err := resp.Location()
	if err != nil {
		return nil
	}
	params := to.Query()
	if fragment, err := url.ParseQuery(to.EscapedFragment()); err == nil {
		for name, values := range fragment {
			params[name] = values
		}
	}
	return params
}

func (b *browser) visit(ctx context.Context, method, address string, values url.Values) (*http.Response, error) {
	var body io.Reader
	if values != nil {
		body = strings.NewReader(values.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, fmt.Errorf("visit the bank: %w", err)
	}
	if values != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.http.Do(req)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeUnavailable, "visit the bank", "the bank's page does not answer", err)
	}
	return resp, nil
}

// form is the form of a page: where it goes, and what its fields hold.
type form struct {
	action *url.URL
	values url.Values
	names  map[string]bool
	fault  string // what the page says is wrong
	tried  bool   // the page answers a failed try
}

func (f form) has(name string) bool { return f.names[name] }

func readForm(resp *http.Response) (form, error) {
	defer resp.Body.Close()
	doc, err := html.Parse(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return form{}, onepoint.E(onepoint.CodeProtocol, "read the bank's page", "the bank's page is not HTML", err)
	}
	f := form{values: url.Values{}, names: map[string]bool{}}
	f.walk(doc)
	if f.action == nil {
		msg := "the bank's page has no form"
		if f.fault != "" {
			msg = "the bank says: " + f.fault
		}
		return f, onepoint.E(onepoint.CodeConflict, "read the bank's page", msg, nil)
	}
	f.tried = resp.StatusCode >= 400
	return f, nil
}

func (f *form) walk(n *html.Node) {
	attrs := map[string]string{}
	for _, a := range n.Attr {
		attrs[a.Key] = a.Val
	}
	switch {
	case attrs["role"] == "alert":
		f.fault = strings.TrimSpace(textOf(n))
	case n.Data == "form":
		if u, err := url.Parse(attrs["action"]); err == nil {
			f.action = u
		}
	case n.Data == "input" && attrs["name"] != "":
		f.names[attrs["name"]] = true
		_, checked := attrs["checked"]
		if attrs["type"] == "hidden" || attrs["type"] == "checkbox" || attrs["type"] == "radio" && checked {
			f.values.Add(attrs["name"], attrs["value"])
		}
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		f.walk(child)
	}
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		b.WriteString(textOf(child))
	}
	return b.String()
}

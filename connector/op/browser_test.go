package op_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/onepointledger/onepoint"
)

// browser walks through the bank's pages as a user does.
type browser struct {
	t    testing.TB
	http *http.Client
}

func (b *bench) browser(t testing.TB, certs ...tls.Certificate) browser {
	c := b.client(t, certs...)
	c.Jar = must[*cookiejar.Jar](t)(cookiejar.New(nil))
	c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), b.base) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return browser{t, c}
}

// page is what the browser shows: a form, a fault, or the way back.
type page struct {
	status int
	action string
	fields url.Values
	picks  []string // accounts to choose from
	login  bool
	fault  string
	text   string
	back   url.Values // parameters of the redirect to the application
	target string
}

func (b browser) get(address string) page {
	b.t.Helper()
	return b.do(must[*http.Request](b.t)(http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)))
}

func (b browser) post(address string, form url.Values) page {
	b.t.Helper()
	req := must[*http.Request](b.t)(http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode())))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

func (b browser) do(req *http.Request) page {
	b.t.Helper()
	resp := must[*http.Response](b.t)(b.http.Do(req))
	defer resp.Body.Close()
	if to, err := resp.Location(); err == nil {
		p := page{status: resp.StatusCode, back: to.Query(), target: to.String()}
		fragment := must[url.Values](b.t)(url.ParseQuery(to.EscapedFragment()))
		for name, values := range fragment {
			p.back[name] = values
		}
		return p
	}
	body := must[[]byte](b.t)(io.ReadAll(resp.Body))
	doc := must[*html.Node](b.t)(html.Parse(strings.NewReader(string(body))))
	p := page{status: resp.StatusCode, fields: url.Values{}, text: string(body)}
	p.walk(doc)
	if p.action != "" {
		p.action = resp.Request.URL.ResolveReference(must[*url.URL](b.t)(url.Parse(p.action))).String()
	}
	return p
}

func (p *page) walk(n *html.Node) {
	attrs := map[string]string{}
	for _, a := range n.Attr {
		attrs[a.Key] = a.Val
	}
	switch {
	case attrs["role"] == "alert" && n.FirstChild != nil:
		p.fault = n.FirstChild.Data
	case n.Data == "form":
		p.action = attrs["action"]
	case n.Data == "input" && attrs["name"] == "account":
		p.picks = append(p.picks, attrs["value"])
		if attrs["type"] == "checkbox" || slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" }) {
			p.fields.Add("account", attrs["value"])
		}
	case n.Data == "input" && attrs["type"] == "hidden":
		p.fields.Set(attrs["name"], attrs["value"])
	case n.Data == "input" && attrs["type"] == "password":
		p.login = true
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		p.walk(child)
	}
}

// login shows the page on which the customer decides.
func (b browser) login(start, login string) page {
	b.t.Helper()
	p := b.get(start)
	if !p.login {
		return p
	}
	p.fields.Set("login", login)
	p.fields.Set("password", "onepoint-demo")
	p.fields.Set("action", "login")
	return b.post(p.action, p.fields)
}

// decide answers the consent page and returns what the bank sends back.
func (b browser) decide(p page, approve bool, accounts ...string) url.Values {
	b.t.Helper()
	if p.action == "" {
		b.t.Fatalf("there is no page to decide on: %d %s", p.status, p.fault)
	}
	p.fields.Set("action", map[bool]string{true: "allow", false: "refuse"}[approve])
	if len(accounts) > 0 {
		p.fields["account"] = accounts
	}
	done := b.post(p.action, p.fields)
	if done.back == nil {
		b.t.Fatalf("the pages do not lead back: %d %s", done.status, done.fault)
	}
	return done.back
}

func (b *bench) visit(t testing.TB, start, login string, approve bool, accounts ...string) url.Values {
	t.Helper()
	w := b.browser(t)
	return w.decide(w.login(start, login), approve, accounts...)
}

func intent(p onepoint.Purpose, suffix string) onepoint.Intent {
	return onepoint.Intent{
		Purpose: p, State: "state-of-the-tests-" + suffix, Nonce: "nonce-of-the-tests-" + suffix, RedirectURI: redirect,
		PSU: onepoint.PSU{IP: "192.0.2.7", UserAgent: "test"},
	}
}

// grant takes a purpose through the whole journey.
func (r registered) grant(t testing.TB, conn onepoint.Connector, p onepoint.Purpose, login string, accounts ...string) onepoint.Grant {
	t.Helper()
	in := intent(p, fmt.Sprint(r.ids("s")))
	auth, err := conn.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.ConsentID = auth.ConsentID
	auth, err = conn.Resume(t.Context(), in, onepoint.Callback{Params: r.visit(t, auth.Redirect, login, true, accounts...)})
	if err != nil || auth.Phase != onepoint.PhaseAuthorised {
		t.Fatalf("resume: %+v, %v", auth, err)
	}
	return auth.Grant
}

package as_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/onepointledger/onepoint/modelbank/as"
)

// browser is a customer's: it follows the bank's redirects and no others.
type browser struct {
	*rig
	http *http.Client
}

func (r *rig) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.Fatal(err)
	}
	b := &browser{rig: r, http: r.with()}
	b.http.Jar = jar
	return b
}

func (b *browser) visit(method, address string, values url.Values) page {
	b.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.Issuer + address
	}
	for {
		var body io.Reader
		if values != nil {
			body = strings.NewReader(values.Encode())
		}
		req, err := http.NewRequestWithContext(context.Background(), method, address, body)
		if err != nil {
			b.Fatal(err)
		}
		if values != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := b.http.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		content, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			b.Fatal(err)
		}
		to := resp.Header.Get("Location")
		if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/") {
			return page{Response: resp, body: string(content), at: address}
		}
		method, address, values = http.MethodGet, b.Issuer+to, nil
	}
}

func (b *browser) get(address string) page { b.Helper(); return b.visit(http.MethodGet, address, nil) }

// submit sends the first form of a page.
func (b *browser) submit(g page, fields ...string) page {
	b.Helper()
	values := url.Values{"csrf": {g.csrf()}}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return b.visit(http.MethodPost, g.target(), values)
}

// code is a fresh one-time code: the clock goes on, so that it was never used.
func (b *browser) code() string {
	b.Helper()
	b.ahead += 31 * time.Second
	code, err := as.Code(secret, b.now())
	if err != nil {
		b.Fatal(err)
	}
	return code
}

// login passes password and code.
func (b *browser) login(address, who string) page {
	b.Helper()
	g := b.submit(b.get(address), "login", who, "password", "right", "action", "login")
	if !strings.Contains(g.at, "/as/factor") {
		return g
	}
	return b.submit(g, "code", b.code(), "action", "verify")
}

// agree goes the whole way and returns what the bank sends to the TPP.
func (b *browser) agree(address, who string, accounts ...string) url.Values {
	b.Helper()
	g := b.login(address, who)
	fields := []string{"action", "allow"}
	for _, a := range accounts {
		fields = append(fields, "account", a)
	}
	g = b.submit(g, fields...)
	if g.StatusCode != http.StatusSeeOther {
		b.Fatalf("agree: %d at %s: %s", g.StatusCode, g.at, g.body)
	}
	return g.answer()
}

// connected is a grant of an intent.
func (p *tpp) connected(intent, scope string, accounts ...string) map[string]any {
	p.Helper()
	answer := p.browser().agree(p.begin(p.request(intent, scope)), "alice", accounts...)
	status, out := p.exchange(answer)
	if status != http.StatusOK {
		p.Fatalf("exchange: %d %v", status, out)
	}
	return out
}

// opens says whether a token is good for the TPP's certificate now.
func (p *tpp) opens(token any) bool {
	p.Helper()
	text, ok := token.(string)
	if !ok {
		p.Fatalf("no token: %v", token)
	}
	_, err := p.CheckToken(context.Background(), text, p.cert.Leaf)
	return err == nil
}

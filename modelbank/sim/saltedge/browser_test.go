package saltedge_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var (
	actionForm  = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	csrfForm    = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	accountForm = regexp.MustCompile(`name="account" value="([^"]+)"`)
)

// psu is a customer at the bank's pages. It returns where the bank sends them,
// "" when a page refuses, with the page's text.
func (r *rig) psu(t testing.TB, redirect, login string, approve bool, pick ...string) (back *url.URL, page string) {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	c := r.client("")
	c.Jar = jar
	c.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.URL.Host == "tpp.example" {
			back = req.URL
			return http.ErrUseLastResponse
		}
		return nil
	}
	page = fetch(t, c, func() (*http.Response, error) { return c.Get(redirect) })
	post := func(form url.Values) string {
		at := actionForm.FindStringSubmatch(page)
		csrf := csrfForm.FindStringSubmatch(page)
		if at == nil || csrf == nil {
			return page
		}
		form.Set("csrf", csrf[1])
		u, _ := url.Parse(redirect)
		u, _ = u.Parse(html.UnescapeString(at[1]))
		return fetch(t, c, func() (*http.Response, error) { return c.PostForm(u.String(), form) })
	}
	page = post(url.Values{"login": {login}, "password": {"onepoint-demo"}, "action": {"login"}})
	form := url.Values{"action": {"refuse"}}
	if approve {
		form.Set("action", "allow")
		for _, m := range accountForm.FindAllStringSubmatch(page, -1) {
			if len(pick) == 0 || strings.Contains(strings.Join(pick, " "), m[1]) {
				form.Add("account", m[1])
			}
		}
	}
	page = post(form)
	return back, page
}

func fetch(t testing.TB, _ *http.Client, do func() (*http.Response, error)) string {
	t.Helper()
	resp, err := do()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

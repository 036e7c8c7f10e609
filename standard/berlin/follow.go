package berlin

import (
	"net/url"
	"path"
	"strings"

	"github.com/onepointledger/onepoint"
)

const maxLink = 4096

// follow makes a link absolute, keeps only its path and query, and keeps it at
// the bank: a signed request must not travel to an address that an answer
// names.
func (c *Client) follow(link string) (string, error) {
	u, err := c.base.Parse(link)
	if err != nil || len(link) > maxLink {
		return "", broken("a link", err)
	}
	within := strings.HasPrefix(u.Path, c.base.Path+"/") && path.Clean(u.Path) == u.Path
	if u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil || !within {
		return "", onepoint.E(onepoint.CodeProtocol, "follow a link", "the bank's next page is not at the bank", nil)
	}
	return c.base.Scheme + "://" + c.base.Host + u.RequestURI(), nil
}

// place is what of a link becomes a cursor: path and query.
func (c *Client) place(link string) (string, error) {
	address, err := c.follow(link)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(address, c.base.Scheme+"://"+c.base.Host), nil
}

// browserLink is where a user's browser is sent: any host, but https.
func (c *Client) browserLink(link string) (string, error) {
	u, err := c.base.Parse(link)
	if err != nil || len(link) > maxLink || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", broken("an address for the user", err)
	}
	return u.String(), nil
}

// withState puts the platform's state into the address that the bank sends the
// user back to: this protocol has no state of its own.
func withState(redirectURI, state string) (string, error) {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Host == "" || u.Fragment != "" {
		return "", onepoint.Missing("ask for consent", "redirectUri", "must be an absolute address")
	}
	q := u.Query()
	q.Set("state", state)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

package berlin

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/httpsig"
)

// Poll says how long to wait for a bank that gives the user's address later.
type Poll struct {
	Attempts int           // 0 means 10
	Interval time.Duration // 0 means 1.5 s
}

// Quirks are what a bank does in a way of its own. The zero value is a bank
// that does what the guidelines say.
type Quirks struct {
	Poll      Poll
	PageLimit int  // ask for pages of this size with paginated, limit and offset; 0: the bank decides
	Unsigned  bool // amounts of transactions carry no sign
	// Products names the payment product of each scheme beside or instead of the
	// standard's.
	Products map[onepoint.PaymentScheme]string
}

// ClientConfig is what a client of one bank needs.
type ClientConfig struct {
	Base        string              // "https://bank.example/psd2/v1", before /consents and /accounts
	Funds       string              // base of the consents for confirmation of funds; Base with v2 for v1 when empty
	HTTP        *http.Client        // presents the QWAC where the bank wants one, times out
	Sign        *httpsig.SignConfig // nil for a bank that wants no signatures
	Quirks      Quirks
	HistoryDays int // how far back to ask when the caller names no day; 0 means 730
	ConsentDays int // the longest consent; 0 means 180
	Zone        *time.Location
	Now         onepoint.Clock
	NewID       onepoint.IDs
	Log         *slog.Logger
}

// Client is a bank that speaks NextGenPSD2, as a TPP sees it. It keeps no
// state and is safe for concurrent use.
type Client struct {
	ClientConfig
	codec Codec
	base  *url.URL
}

var (
	_ onepoint.Connector      = (*Client)(nil)
	_ onepoint.AccountReader  = (*Client)(nil)
	_ onepoint.Payer          = (*Client)(nil)
	_ onepoint.FundsConfirmer = (*Client)(nil)
	_ onepoint.Revoker        = (*Client)(nil)
)

const (
	defaultAttempts = 10
	defaultInterval = 1500 * time.Millisecond
	defaultHistory  = 730
	defaultConsent  = 180
)

// NewClient makes a client; it does no I/O. CodeInvalid for an address that is
// not https.
func NewClient(c ClientConfig) (*Client, error) {
	c.Base = strings.TrimSuffix(c.Base, "/")
	base, err := url.Parse(c.Base)
	if err != nil || base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" {
		return nil, onepoint.Missing("open the bank", "base", "must be an https address")
	}
	if c.Funds == "" {
		c.Funds = strings.TrimSuffix(c.Base, "/v1") + "/v2"
	}
	c.Funds = strings.TrimSuffix(c.Funds, "/")
	c.HistoryDays = orDefault(c.HistoryDays, defaultHistory)
	c.ConsentDays = orDefault(c.ConsentDays, defaultConsent)
	c.Quirks.Poll.Attempts = orDefault(c.Quirks.Poll.Attempts, defaultAttempts)
	if c.Quirks.Poll.Interval == 0 {
		c.Quirks.Poll.Interval = defaultInterval
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	own := *c.HTTP // a signed request must not be led elsewhere
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP = &own
	return &Client{ClientConfig: c, codec: Codec{Zone: c.Zone, Unsigned: c.Quirks.Unsigned}, base: base}, nil
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func (c *Client) today() onepoint.Date { return onepoint.DateOf(c.Now().In(c.Zone)) }

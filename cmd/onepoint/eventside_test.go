package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/standard/obie"
	"github.com/onepointledger/onepoint/tpp"
	"github.com/onepointledger/onepoint/vault"
)

// eventStack is both sides' events beside a running stack.
type eventStack struct {
	*testStack
	bank     *bankEvents
	platform *platformEvents
	receiver *httptest.Server
	api      string
	conn     tpp.Connection
}

func startEvents(t *testing.T, database, bankDatabase string) *eventStack {
	t.Helper()
	s := &eventStack{testStack: startStack(t, "demo", database, bankDatabase)}
	s.serveBank(t)
	s.platform = openPlatformEvents(s.Platform, "accounts")
	mux := http.NewServeMux()
	s.platform.mount(mux)
	s.receiver = httptest.NewServer(mux)
	t.Cleanup(s.receiver.Close)
	s.Platform.config.URL = s.receiver.URL
	if code, out, errs := s.command(t, "connect", localBank, "--psu", "alice", "--approve", "--json"); code != 0 {
		t.Fatalf("connect: %s%s", out, errs)
	}
	all, err := s.Platform.db.Connections(t.Context(), s.Platform.Workspace)
	if err != nil || len(all) != 1 || all[0].Status != tpp.ConnectionActive {
		t.Fatalf("connections: %+v, %v", all, err)
	}
	s.conn = all[0]
	profile := s.Platform.banks.profiles[localBank]
	profile.Endpoints.Resource = s.api + "/open-banking/v4.0/aisp"
	s.Platform.banks.profiles[localBank] = profile
	return s
}

// serveBank puts the events API on a listener of its own, over the bank's data.
func (s *eventStack) serveBank(t *testing.T) {
	t.Helper()
	ctx, issuer := t.Context(), s.Platform.config.BankURL
	keys, err := vault.Open(ctx, vault.Config{Store: s.Bank.db, KeyFile: filepath.Join(s.Data, "bank-vault.key"), Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	signing, err := signingKey(ctx, keys, bankWorkspace, "signing")
	if err != nil {
		t.Fatal(err)
	}
	web, err := keys.TLS(ctx, bankWorkspace, "tls")
	if err != nil {
		t.Fatal(err)
	}
	toSelf := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.trust.qtsp.Roots(), MinVersion: tls.VersionTLS12}}}
	ids := onepoint.NewIDs(s.Now)
	tokens, err := as.New(as.Config{
		Issuer: issuer, OrganisationID: bankOrg, BankName: bankName, Store: s.Bank.db,
		Journey:     modelbank.New(modelbank.Config{Core: s.Bank.Core, Consents: s.Bank.db, Now: s.Now, NewID: ids}).Journey(),
		Directories: []as.TrustedDirectory{{Issuer: directoryName, JWKSURL: issuer + "/directory/jwks"}},
		HTTP:        toSelf, Key: signing, Roots: s.trust.qtsp.Roots(), Now: s.Now, NewID: ids, Log: s.Log,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.bank, err = openBankEvents(bankEventsConfig{
		Bank: bankConfig{URL: issuer, Trust: s.trust, Now: s.Now, Log: s.Log}, Store: s.Bank.db, Tokens: tokens,
		Signing: func() fapi.SigningKey { return signing }, Web: web, HTTP: toSelf, NewID: ids,
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s.bank.mount(mux)
	server := httptest.NewUnstartedServer(mux)
	server.TLS = s.Bank.TLS.Clone()
	server.Config.ErrorLog = slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)
	server.StartTLS()
	t.Cleanup(server.Close)
	s.api = server.URL
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.bank.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
}

// publish tells of the connection's consent, as the bank's own rows will.
func (s *eventStack) publish(t *testing.T, kind obie.EventType) {
	t.Helper()
	consent, err := s.Bank.db.LodgedConsent(t.Context(), s.conn.ConsentID)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // toe is in seconds: later than the connection
	err = s.bank.Desk.Publish(t.Context(), modelbank.Event{
		ClientID: consent.TPP.ClientID, Type: kind, Resource: obie.EventResource{Type: "account-access-consent", ID: consent.ID},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *eventStack) status(t *testing.T) tpp.ConnectionStatus {
	t.Helper()
	c, err := s.Platform.db.Connection(t.Context(), s.Platform.Workspace, s.conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c.Status
}

func TestARevocationIsPushedAndTheConnectionSaysSo(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		s := startEvents(t, database, bankDatabase)
		for range 2 { // the second time it is changed
			if err := s.platform.Subscribe(t.Context(), s.Platform.Workspace, localBank, true); err != nil {
				t.Fatal(err)
			}
		}
		s.publish(t, obie.EventConsentRevoked)
		for i := 0; s.status(t) != tpp.ConnectionNeedsReauth; i++ {
			if i == 1000 {
				t.Fatalf("the connection is %s\n%s", s.status(t), s.logs)
			}
			time.Sleep(10 * time.Millisecond)
		}
		s.noSecretsLogged(t)
	})
}

func TestWhatIsNotPushedIsPolled(t *testing.T) {
	s := startEvents(t, "", "")
	ctx := t.Context()
	if err := s.platform.Subscribe(ctx, s.Platform.Workspace, localBank, false); err != nil {
		t.Fatal(err)
	}
	s.publish(t, obie.EventConsentRevoked)
	for range 2 {
		s.platform.pollAll(ctx)
	}
	if got := s.status(t); got != tpp.ConnectionNeedsReauth {
		t.Errorf("the connection is %s\n%s", got, s.logs)
	}
	source, err := s.platform.source(ctx, s.Platform.Workspace, localBank)
	if err != nil {
		t.Fatal(err)
	}
	if batch, err := source.EventClient.Poll(ctx, obie.EventPoll{Max: -1}); err != nil || len(batch.Sets) != 0 || batch.More {
		t.Errorf("what was taken is still there: %+v, %v", batch, err)
	}
}

func TestTheReceiverTakesOnlyWhatItsBankSigned(t *testing.T) {
	s := startEvents(t, "", "")
	if err := s.platform.Subscribe(t.Context(), s.Platform.Workspace, localBank, false); err != nil {
		t.Fatal(err)
	}
	s.publish(t, obie.EventConsentRevoked)
	source, err := s.platform.source(t.Context(), s.Platform.Workspace, localBank)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := source.EventClient.Poll(t.Context(), obie.EventPoll{Max: 1})
	if err != nil || len(batch.Sets) != 1 {
		t.Fatalf("polled %+v, %v", batch, err)
	}
	var good string
	for _, token := range batch.Sets {
		good = token
	}
	parts := strings.Split(good, ".")
	const path = "/v4.0/event-notifications"
	for _, tc := range []struct {
		name, path, media, body string
		want                    int
	}{
		{"no token", localBank + path, "application/jwt", "", 400},
		{"signature of another", localBank + path, "application/jwt", parts[0] + "." + parts[1] + "." + parts[1], 400},
		{"no signature", localBank + path, "application/jwt", parts[0] + "." + parts[1] + ".", 400},
		{"too large", localBank + path, "application/jwt", strings.Repeat("x", 70<<10), 413},
		{"another media type", localBank + path, "application/json", good, 415},
		{"a bank without events", "bunq" + path, "application/jwt", good, 404},
		{"an unknown bank", "nobody" + path, "application/jwt", good, 404},
		{"the event", localBank + path, "application/jwt", good, 202},
		{"the event again", localBank, "application/jwt", good, 202},
	} {
		if tc.name == "the event" && s.status(t) != tpp.ConnectionActive {
			t.Fatal("an event that was refused had an effect")
		}
		resp, err := s.receiver.Client().Post(s.receiver.URL+"/bank-events/"+tc.path, tc.media, strings.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, resp.StatusCode, tc.want)
		}
	}
	if got := s.status(t); got != tpp.ConnectionNeedsReauth {
		t.Errorf("the connection is %s", got)
	}
}

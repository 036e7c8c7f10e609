package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
	"github.com/onepointledger/onepoint/connector/connectortest"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/store"
)

// process is `onepoint up` as a process of its own, which can be killed.
type process struct {
	cmd  *exec.Cmd
	data string
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func startProcess(t *testing.T, data string, flags ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"--data", data, "up"}, flags...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd, data}
	t.Cleanup(p.kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ready ") {
			go func() {
				for lines.Scan() { // keeps the pipe from filling
				}
			}()
			return p
		}
	}
	t.Fatal("onepoint ended before it was ready")
	return nil
}

func (p *process) kill() {
	p.cmd.Process.Kill() // it may have ended
	p.cmd.Wait()         // it was killed
}

// approve begins a connection and agrees at the bank, but does not wait for the
// sync.
func approve(t *testing.T, data, psu string) api.Connection {
	t.Helper()
	c := &cliContext{Ctx: t.Context(), Data: data, Now: time.Now}
	cl, err := c.client()
	if err != nil {
		t.Fatal(err)
	}
	var conn api.Connection
	if err := cl.call(t.Context(), http.MethodPost, "/connections", map[string]any{"bank": localBank}, &conn); err != nil {
		t.Fatal(err)
	}
	b, err := newBrowser(data, conn.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	b.totp = core.SandboxTOTP
	params, err := b.consent(t.Context(), conn.Redirect, psu, "onepoint-demo", true)
	if err != nil {
		t.Fatal(err)
	}
	flat := map[string]string{}
	for name := range params {
		flat[name] = params.Get(name)
	}
	if err := cl.call(t.Context(), http.MethodPost, "/callback", map[string]any{"params": flat}, &conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

// killAfter kills the process when the nth progress of a sync that has read rows
// arrives.
func (p *process) killAfter(t *testing.T, n int) {
	t.Helper()
	c := &cliContext{Ctx: t.Context(), Data: p.data, Now: time.Now}
	cl, err := c.client()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := cl.send(t.Context(), http.MethodGet, "/events?after=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for seen := 0; lines.Scan(); {
		text, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e struct {
			Type onepoint.EventType `json:"type"`
			Data api.Sync           `json:"data"`
		}
		if json.Unmarshal([]byte(text), &e) != nil {
			continue
		}
		if e.Type == onepoint.EventSyncFinished {
			break
		}
		if e.Type == onepoint.EventSyncProgress && e.Data.Seen > 0 {
			if seen++; seen >= n {
				break
			}
		}
	}
	p.kill()
}

// state reads, with no process running, how the last sync stands and how many
// rows the ledger has.
func state(t *testing.T, database, connection string) (running bool, rows int) {
	t.Helper()
	db, err := store.OpenPlatform(t.Context(), database, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	workspace, err := db.FirstWorkspace(t.Context(), workspaceNone())
	if err != nil {
		t.Fatal(err)
	}
	last, err := db.LastSync(t.Context(), workspace.ID, connection)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Fatal(err)
	}
	for _, list := range readLedger(t, db, workspace.ID) {
		rows += len(list)
	}
	return last.State == "running", rows
}

func TestSyncKilledInTheMiddleEndsComplete(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		data := t.TempDir()
		flags := []string{"--listen", freeAddress(t), "--bank-listen", freeAddress(t), "--qtsp-listen", "", "--log-level", "error"}
		if database == "" {
			database, bankDatabase = "sqlite:"+data+"/platform.db", "sqlite:"+data+"/bank.db"
		}
		const psu = "berka-1"
		flags = append(flags, "--database", database, "--bank-database", bankDatabase, "--seed", "berka:"+busyAccount(t, 20_000))
		interrupted := 0
		for n := range 3 {
			p := startProcess(t, data, flags...)
			conn := approve(t, data, psu)
			p.killAfter(t, 1+3*n)
			if running, rows := state(t, database, conn.ID); running && rows > 0 {
				interrupted++
			}
			again := startProcess(t, data, flags...)
			waitSynced(t, data, conn.ID)
			if err := again.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := again.cmd.Wait(); err != nil {
				t.Errorf("stopping: %v", err)
			}
			sameAsBooks(t, database, bankDatabase, psu)
		}
		if interrupted == 0 {
			t.Error("no sync was killed in its middle: the test proves nothing")
		}
		t.Logf("%d of 3 syncs were killed in their middle", interrupted)
	})
}

// waitSynced waits until the connection's sync, taken up again, is complete.
func waitSynced(t *testing.T, data, connection string) {
	t.Helper()
	c := &cliContext{Ctx: t.Context(), Data: data, Now: time.Now}
	cl, err := c.client()
	if err != nil {
		t.Fatal(err)
	}
	for {
		var conn api.Connection
		if err := cl.call(t.Context(), http.MethodGet, "/connections/"+url.PathEscape(connection), nil, &conn); err != nil {
			t.Fatal(err)
		}
		if conn.LastSync != nil && conn.Sync.State == "complete" {
			return
		}
		if conn.Status != "active" || conn.Sync != nil && conn.Sync.State == "failed" {
			t.Fatalf("the connection is %s, its sync %+v", conn.Status, conn.Sync)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// sameAsBooks compares both databases directly, with nothing running.
func sameAsBooks(t *testing.T, database, bankDatabase, psu string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	bank, err := store.OpenBank(context.Background(), bankDatabase, log)
	if err != nil {
		t.Fatal(err)
	}
	defer bank.Close()
	platform, err := store.OpenPlatform(context.Background(), database, log)
	if err != nil {
		t.Fatal(err)
	}
	defer platform.Close()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	truth, err := core.New(core.Config{Store: bank, Now: time.Now, NewID: onepoint.NewIDs(time.Now), Zone: zone, Log: log}).Truth(t.Context(), "cus_"+strings.ReplaceAll(psu, "-", "_"))
	if err != nil || len(truth) == 0 {
		t.Fatalf("%d accounts, %v", len(truth), err)
	}
	workspace, err := platform.FirstWorkspace(t.Context(), workspaceNone())
	if err != nil {
		t.Fatal(err)
	}
	ledger := readLedger(t, platform, workspace.ID)
	for _, account := range truth {
		if diff := connectortest.SameTransactions(ledger[account.Account.ID], account.Transactions); diff != "" {
			t.Errorf("account %s of %s: %s", account.Account.ID, psu, diff)
		}
	}
}

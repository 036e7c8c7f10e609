package job_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/identity"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/job"
	"github.com/onepointledger/onepoint/store"
)

const workspace = "ws_1"

func open(t *testing.T, url string, workers int, handle job.Handler) (*store.Platform, *job.Queue) {
	t.Helper()
	db, queue, err := begin(t.Context(), url, workers, handle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, queue
}

func begin(ctx context.Context, url string, workers int, handle job.Handler) (*store.Platform, *job.Queue, error) {
	log := slog.New(slog.DiscardHandler)
	db, err := store.OpenPlatform(ctx, url, log)
	if err != nil {
		return nil, nil, err
	}
	if _, err := db.FirstWorkspace(ctx, identity.Workspace{ID: workspace, Name: "Test", Created: time.Now()}); err != nil {
		return nil, nil, err
	}
	handleDB, dialect := db.Handle()
	queue, err := job.New(ctx, job.Config{
		DB: handleDB, Dialect: string(dialect), Workers: workers, PollInterval: 10 * time.Millisecond,
		Timeout: time.Minute, RescueAfter: 2 * time.Minute, Exclusive: true, Log: log, Now: time.Now,
		Routes:   map[onepoint.EventType]string{onepoint.EventSyncRequested: "sync"},
		Handlers: map[string]job.Handler{"sync": handle},
	})
	if err != nil {
		return nil, nil, err
	}
	db.InTx = queue.InTx
	return db, queue, nil
}

func ask(t *testing.T, db *store.Platform, subject string) {
	t.Helper()
	err := db.AppendEvents(context.Background(), workspace, onepoint.Event{Type: onepoint.EventSyncRequested, Subject: subject})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCommittedEventStartsItsJob(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		done := make(chan job.Job, 10)
		db, queue := open(t, url, 4, func(_ context.Context, j job.Job) error { done <- j; return nil })
		if err := queue.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		defer queue.Stop(context.Background())
		ask(t, db, "con_1")
		if err := db.AppendEvents(t.Context(), workspace, onepoint.Event{Type: onepoint.EventConnectionChanged, Subject: "con_2"}); err != nil {
			t.Fatal(err)
		}
		if j := <-done; j != (job.Job{Workspace: workspace, Subject: "con_1", Attempt: 1}) {
			t.Errorf("got %+v", j)
		}
		if len(done) != 0 {
			t.Error("an event without a route started a job")
		}
	})
}

func TestRolledBackEventStartsNothing(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		var ran atomic.Int32
		db, queue := open(t, url, 4, func(context.Context, job.Job) error { ran.Add(1); return nil })
		refused := errors.New("refused")
		inner := db.InTx
		db.InTx = func(ctx context.Context, tx *sql.Tx, events []onepoint.Event) error {
			if err := inner(ctx, tx, events); err != nil {
				return err
			}
			return refused
		}
		if err := db.AppendEvents(t.Context(), workspace, onepoint.Event{Type: onepoint.EventSyncRequested, Subject: "con_1"}); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		db.InTx = inner
		if err := queue.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		ask(t, db, "con_2")
		for ran.Load() == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		if err := queue.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := ran.Load(); n != 1 {
			t.Errorf("%d jobs ran; want only the committed one", n)
		}
	})
}

func TestEventsWhileWaitingShareOneJob(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		var ran atomic.Int32
		release := make(chan struct{})
		started := make(chan struct{}, 10)
		db, queue := open(t, url, 1, func(context.Context, job.Job) error {
			ran.Add(1)
			started <- struct{}{}
			<-release
			return nil
		})
		ask(t, db, "con_1")
		ask(t, db, "con_1") // the first waits still
		if err := queue.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		<-started
		ask(t, db, "con_1") // the first runs: this must not be lost
		ask(t, db, "con_1")
		close(release)
		<-started
		ask(t, db, "con_2") // proves that nothing else is in between
		<-started
		if err := queue.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := ran.Load(); n != 3 {
			t.Errorf("%d jobs ran; want one before, one after, one for the other", n)
		}
	})
}

func TestOutcomes(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		var mu sync.Mutex
		tries := map[string]int{}
		all := make(chan struct{})
		db, queue := open(t, url, 4, func(_ context.Context, j job.Job) error {
			mu.Lock()
			defer mu.Unlock()
			tries[j.Subject]++
			if tries["cancel"] == 1 && tries["snooze"] == 3 && tries["retry"] == 2 {
				defer close(all)
			}
			switch {
			case j.Subject == "cancel":
				return job.Cancel(errors.New("never"))
			case j.Subject == "snooze" && tries[j.Subject] < 3:
				return job.Snooze(time.Millisecond)
			case j.Subject == "retry" && tries[j.Subject] < 2:
				return errors.New("once more")
			}
			return nil
		})
		if err := queue.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		defer queue.Stop(context.Background())
		for _, s := range []string{"cancel", "snooze", "retry"} {
			ask(t, db, s)
		}
		<-all
	})
}

const crashEnv = "ONEPOINT_JOB_CRASH"

// TestMain lets the crash test run this binary as the process that is killed.
func TestMain(m *testing.M) {
	if os.Getenv(crashEnv) != "" {
		crashing()
	}
	os.Exit(m.Run())
}

// crashing works jobs, leaving a mark for each done, until it is killed.
func crashing() {
	url, dir, _ := strings.Cut(os.Getenv(crashEnv), "|")
	_, queue, err := begin(context.Background(), url, 4, marking(dir))
	if err == nil {
		err = queue.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

func marking(dir string) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		return os.WriteFile(filepath.Join(dir, j.Subject), nil, 0o600)
	}
}

func TestJobsOfAKilledProcessAreTakenUp(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		const jobs = 60
		dir := t.TempDir()
		db, queue := open(t, url, 4, marking(dir))
		for i := range jobs {
			ask(t, db, fmt.Sprintf("con_%02d", i))
		}
		for range 3 {
			before := marks(t, dir)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), crashEnv+"="+url+"|"+dir)
			cmd.Stderr = os.Stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for marks(t, dir) < before+5 {
				time.Sleep(time.Millisecond)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
		}
		if err := queue.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		for marks(t, dir) < jobs {
			time.Sleep(5 * time.Millisecond)
		}
		if err := queue.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

func marks(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

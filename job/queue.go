package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/onepointledger/onepoint"
)

// Job is one piece of work.
type Job struct {
	Workspace string
	Subject   string // id of what it is about: the event's subject
	Attempt   int    // 1 at first
}

// Handler does one kind of work. Its error decides what follows: nil is done,
// [Snooze] later, [Cancel] never again, anything else is tried again with
// growing pauses.
type Handler func(ctx context.Context, j Job) error

// Config says what the queue does.
type Config struct {
	DB       *sql.DB // of the platform's store: SQLite must have one connection
	Dialect  string  // sqlite or postgres
	Routes   map[onepoint.EventType]string
	Handlers map[string]Handler // by the names that Routes uses
	Workers  int                // jobs at once

	PollInterval time.Duration // neither driver is told of new jobs
	Timeout      time.Duration // of one try of one job; its context ends then
	RescueAfter  time.Duration // a job running longer was left by a dead process; above Timeout

	// Exclusive says that no other process works on this database: whatever is
	// running at the start was left by a dead one and is taken up at once.
	Exclusive bool

	Log *slog.Logger
	Now onepoint.Clock
}

// Queue inserts jobs with events and works them.
type Queue struct {
	config Config
	client *river.Client[*sql.Tx]
}

// New prepares the queue's tables and its workers; Start begins the work.
func New(ctx context.Context, c Config) (*Queue, error) {
	driver, err := driverFor(c)
	if err != nil {
		return nil, err
	}
	for event, name := range c.Routes {
		if c.Handlers[name] == nil {
			return nil, fmt.Errorf("event %s starts %q, which has no handler", event, name)
		}
	}
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: c.Log})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue's tables: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("prepare the queue's tables: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{handlers: c.Handlers, timeout: c.Timeout})
	client, err := river.NewClient(driver, &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: c.Workers}},
		Workers: workers, Logger: c.Log,
		FetchPollInterval: c.PollInterval, FetchCooldown: c.PollInterval, JobTimeout: c.Timeout, RescueStuckJobsAfter: c.RescueAfter,
	})
	if err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	return &Queue{config: c, client: client}, nil
}

func driverFor(c Config) (riverdriver.Driver[*sql.Tx], error) {
	switch c.Dialect {
	case "sqlite":
		return riversqlite.New(c.DB), nil
	case "postgres":
		return riverdatabasesql.New(c.DB), nil
	}
	return nil, fmt.Errorf("the queue knows no database %q", c.Dialect)
}

// task is what a job carries. One River kind serves all: which handler it is
// for is data.
type task struct {
	Name      string `json:"name"`
	Workspace string `json:"workspace"`
	Subject   string `json:"subject"`
}

// Kind implements river.JobArgs.
func (task) Kind() string { return "task" }

// InTx inserts, in the transaction that commits the events, the jobs they
// start. A job that waits already serves the new event too, and runs at once; one
// that is running may have passed what the event is about, so another follows it.
func (q *Queue) InTx(ctx context.Context, tx *sql.Tx, events []onepoint.Event) error {
	for _, e := range events {
		name, ok := q.config.Routes[e.Type]
		if !ok {
			continue
		}
		waiting, err := q.hasten(ctx, tx, task{name, e.Workspace, e.Subject})
		if err != nil {
			return err
		}
		if waiting {
			continue
		}
		if _, err := q.client.InsertTx(ctx, tx, task{name, e.Workspace, e.Subject}, nil); err != nil {
			return fmt.Errorf("insert job %s: %w", name, err)
		}
	}
	return nil
}

// hasten finds a job that waits for the same, and lets one that waits for its
// time run now.
func (q *Queue) hasten(ctx context.Context, tx *sql.Tx, t task) (bool, error) {
	var id int64
	var state string
	err := tx.QueryRowContext(ctx,
		`SELECT id, state FROM river_job WHERE state IN ('available', 'scheduled', 'retryable') AND kind = 'task'
		 AND args->>'name' = $1 AND args->>'workspace' = $2 AND args->>'subject' = $3 LIMIT 1`+q.lock(),
		t.Name, t.Workspace, t.Subject).Scan(&id, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find a waiting job: %w", err)
	}
	if state != "available" {
		if _, err := q.client.JobRetryTx(ctx, tx, id); err != nil {
			return false, fmt.Errorf("hasten a waiting job: %w", err)
		}
	}
	return true, nil
}

// lock keeps a worker from starting, and perhaps finishing, the job that was
// found before the event it is to serve has committed. An SQLite transaction has
// the database to itself anyway.
func (q *Queue) lock() string {
	if q.config.Dialect == "postgres" {
		return " FOR UPDATE"
	}
	return ""
}

// Start begins the work; ctx ends it abruptly, Stop gently.
func (q *Queue) Start(ctx context.Context) error {
	if q.config.Exclusive {
		if _, err := q.config.DB.ExecContext(ctx, `UPDATE river_job SET state = 'available' WHERE state = 'running'`); err != nil {
			return fmt.Errorf("take up jobs that were left: %w", err)
		}
	}
	if err := q.client.Start(ctx); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	return nil
}

// Stop ends the work: no new job begins, the contexts of those running end, and
// they are taken up again at the next start.
func (q *Queue) Stop(ctx context.Context) error {
	if err := q.client.StopAndCancel(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("stop the queue: %w", err)
	}
	return nil
}

type worker struct {
	river.WorkerDefaults[task]
	handlers map[string]Handler
	timeout  time.Duration
}

// Timeout implements river.Worker.
func (w *worker) Timeout(*river.Job[task]) time.Duration { return w.timeout }

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, j *river.Job[task]) error {
	handle, ok := w.handlers[j.Args.Name]
	if !ok {
		return river.JobCancel(fmt.Errorf("no handler for %q", j.Args.Name))
	}
	err := handle(ctx, Job{Workspace: j.Args.Workspace, Subject: j.Args.Subject, Attempt: j.Attempt})
	var s *snoozed
	var c *cancelled
	switch {
	case errors.As(err, &s):
		return river.JobSnooze(s.wait)
	case errors.As(err, &c):
		return river.JobCancel(c.cause)
	}
	return err
}

type snoozed struct{ wait time.Duration }

// Error implements error.
func (s *snoozed) Error() string { return "wait " + s.wait.String() }

type cancelled struct{ cause error }

// Error implements error.
func (c *cancelled) Error() string { return "cancelled: " + c.cause.Error() }

// Unwrap returns the cause.
func (c *cancelled) Unwrap() error { return c.cause }

// Snooze makes the job run again after d, without counting as a failed try.
func Snooze(d time.Duration) error { return &snoozed{d} }

// Cancel ends the job for good, with the reason.
func Cancel(cause error) error { return &cancelled{cause} }

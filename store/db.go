package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the "pgx" driver
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // registers the "sqlite" driver

	"github.com/onepointledger/onepoint"
)

//go:embed migrations/platform/*.sql migrations/bank/*.sql
var migrations embed.FS

// DB is one open database with its dialect.
type DB struct {
	write   *sql.DB // SQLite: one connection, so that writers queue instead of failing
	read    *sql.DB // PostgreSQL: the same pool
	dialect Dialect
}

// open connects to url ("sqlite:PATH" or "postgres://…") and migrates it with
// the files below migrations/side.
func open(ctx context.Context, url, side string, log *slog.Logger) (*DB, error) {
	db := &DB{}
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		db.dialect = SQLite
		path := strings.TrimPrefix(url, "sqlite:")
		if db.write, err = openSQLite(path, 1, false); err == nil {
			db.read, err = openSQLite(path, 8, true)
		}
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		db.dialect = Postgres
		db.write, err = sql.Open("pgx", url)
		if err == nil {
			db.write.SetMaxOpenConns(24)
			db.write.SetMaxIdleConns(24)
			db.write.SetConnMaxIdleTime(5 * time.Minute)
		}
		db.read = db.write
	default:
		return nil, onepoint.Missing("open database", "database", "must start with sqlite: or postgres://")
	}
	if err != nil {
		return nil, fmt.Errorf("open %s database: %w", side, err)
	}
	if err := db.migrate(ctx, side, log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context, side string, log *slog.Logger) error {
	files, err := fs.Sub(migrations, "migrations/"+side)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	dialect := database.DialectSQLite3
	if db.dialect == Postgres {
		dialect = database.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, db.write, files, goose.WithSlog(log))
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s database: %w", side, err)
	}
	return nil
}

// Close closes the database.
func (db *DB) Close() error {
	err := db.write.Close()
	if db.read != db.write && db.read != nil {
		err = errors.Join(err, db.read.Close())
	}
	return err
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }

// Handle lends the writing pool to the job queue, which keeps its own tables in
// the same database so that a job commits with the row that asks for it.
func (db *DB) Handle() (*sql.DB, Dialect) { return db.write, db.dialect }

// tx runs fn in one transaction. A conflict with another transaction runs fn
// again, a few times: fn must not have effects outside the transaction.
func (db *DB) tx(ctx context.Context, fn func(*sql.Tx) error) error {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, fn)
		if err == nil || attempt == attempts || !conflicting(err) {
			return err
		}
	}
}

func (db *DB) once(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // a no-op after commit
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// forUpdate locks the row that a SELECT finds, where the dialect needs it: an
// SQLite transaction has the whole database from its start.
func (db *DB) forUpdate() string {
	if db.dialect == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

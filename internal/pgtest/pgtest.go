package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the "pgx" driver
)

// variable names a server to use, or says "skip".
const variable = "ONEPOINT_TEST_POSTGRES"

const help = `
********************************************************************
PostgreSQL is needed for this test and none was found: %v

  install its server:  apt-get install postgresql
  or name one:         ONEPOINT_TEST_POSTGRES=postgres://user@host/db
  or leave it out:     ONEPOINT_TEST_POSTGRES=skip
********************************************************************`

var databases atomic.Int64

// Each runs fn on a fresh SQLite database and on a fresh PostgreSQL one, as
// subtests.
func Each(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")) })
	t.Run("postgres", func(t *testing.T) { fn(t, URL(t)) })
}

// URL is the address of an empty database that is dropped after the test.
func URL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(variable)
	if server == "skip" {
		t.Skip("PostgreSQL is left out: " + variable + "=skip")
	}
	if server == "" {
		c, err := private()
		if err != nil {
			t.Fatalf(help, err)
		}
		server = c.server
	}
	name := fmt.Sprintf("onepoint_test_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), databases.Add(1))
	if err := admin(server, "CREATE DATABASE "+name); err != nil {
		t.Fatalf(help, err)
	}
	t.Cleanup(func() {
		if err := admin(server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Logf("drop the test database: %v", err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	u.Path = "/" + name
	return u.String()
}

func admin(server, statement string) error {
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return err
}

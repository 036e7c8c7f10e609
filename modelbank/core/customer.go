package core

import (
	"context"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// Customer is someone with a login at the bank.
type Customer struct {
	ID           string
	Login        string // lower case
	Name         string
	PasswordHash string    // argon2id in PHC form
	LockedUntil  time.Time // zero when not locked
}

// A login is locked for lockFor after maxFailures wrong passwords in a row.
const (
	maxFailures = 5
	lockFor     = 10 * time.Minute
	maxLogin    = 100
	maxPassword = 200
)

// Authenticate checks a login and its password. CodeUnauthenticated when they do
// not match, in the same words and time for a login that does not exist;
// CodeRateLimited while the login is locked.
func (c *Core) Authenticate(ctx context.Context, login, password string) (Customer, error) {
	const op = "log in at the bank"
	wrong := onepoint.E(onepoint.CodeUnauthenticated, op, "the login or the password is wrong", nil)
	if login == "" || len(login) > maxLogin || len(password) > maxPassword {
		return Customer{}, wrong
	}
	customer, err := c.store.CustomerByLogin(ctx, strings.ToLower(strings.TrimSpace(login)))
	unknown := onepoint.CodeOf(err) == onepoint.CodeNotFound
	if err != nil && !unknown {
		return Customer{}, onepoint.E("", op, "", err)
	}
	if wait := customer.LockedUntil.Sub(c.now()); wait > 0 {
		e := onepoint.E(onepoint.CodeRateLimited, op, "too many wrong passwords: wait a few minutes and try again", nil)
		e.Retry = wait
		return Customer{}, e
	}
	if unknown {
		customer.PasswordHash = absentHash
	}
	ok, err := c.verify(ctx, customer.PasswordHash, password)
	switch {
	case err != nil:
		return Customer{}, onepoint.E("", op, "", err)
	case unknown:
		return Customer{}, wrong
	case !ok:
		if err := c.store.LoginFailed(ctx, customer.ID, maxFailures, c.now().Add(lockFor)); err != nil {
			return Customer{}, onepoint.E("", op, "", err)
		}
		return Customer{}, wrong
	}
	if err := c.store.LoginSucceeded(ctx, customer.ID); err != nil {
		return Customer{}, onepoint.E("", op, "", err)
	}
	return customer, nil
}

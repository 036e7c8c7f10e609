package main

import (
	"context"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
)

// codeStep is how long a one-time code is shown.
const codeStep = 30 * time.Second

// codeBook computes the one-time codes of a user whose secret is published. The
// bank takes each once, and the one before and after the present: who logs in
// again within the half minute takes one of those, or waits.
type codeBook struct {
	secret string
	tries  int
}

// next is the code to try. CodeUnauthenticated when no more make sense.
func (c *codeBook) next(ctx context.Context) (string, error) {
	shifts := []time.Duration{0, codeStep, -codeStep, codeStep}
	if c.secret == "" || c.tries >= len(shifts) {
		return "", onepoint.E(onepoint.CodeUnauthenticated, "compute a code", "there is no code that the bank takes", nil)
	}
	if c.tries == len(shifts)-1 { // every code of now was used: the next one is not
		wait := time.NewTimer(time.Until(time.Now().Truncate(codeStep).Add(codeStep)))
		defer wait.Stop()
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-wait.C:
		}
	}
	c.tries++
	return as.Code(c.secret, time.Now().Add(shifts[c.tries-1]))
}

type codeCmd struct {
	Login string `arg:"" help:"Login at the local model bank."`
	Bank  string `help:"The bank's id." default:"model-bank-uk"`
}

// Run prints the one-time code of a login whose secret is published.
func (n *codeCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	user, err := publishedUser(c.Ctx, cl, n.Bank, n.Login)
	if err != nil {
		return err
	}
	if user.TOTP == "" {
		return onepoint.E(onepoint.CodeNotFound, "compute a code", "this bank asks no codes, or publishes no secret", nil)
	}
	code, err := as.Code(user.TOTP, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Out, code)
	return nil
}

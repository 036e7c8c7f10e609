package tpp

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// Move is the outcome of [Certificates.Use].
type Move struct {
	Bank        string
	Transport   string
	Seal        string
	Connections int      // whose access was renewed with the new certificates
	Left        []string // what could not be done yet, for the user
}

// moveLimit bounds a move, and how long syncs of the bank wait for one whose
// process died.
const moveLimit = 3 * time.Minute

// Facts that say, until the registration has changed, where it is moving to.
const (
	factMoveTransport = "moving_to_transport"
	factMoveSeal      = "moving_to_seal"
)

// Use moves the registration at a bank to other certificates; an empty name
// keeps the present one. The bank learns of the new ones first, then the
// registration changes and every connection's access is renewed, while no sync
// runs. When it fails before that, or the process dies, the registration is as
// it was; doing it again is safe, and [Certificates.Resume] does.
//
// Errors: CodeConflict when the bank is not registered, a sync keeps running or
// the bank binds the registration to its certificate; CodeCertificateInvalid
// when the new ones do not serve; else the bank's.
func (c *Certificates) Use(ctx context.Context, workspace, bank, transport, seal string) (Move, error) {
	ctx, cancel := context.WithTimeout(ctx, moveLimit)
	defer cancel()
	r, err := c.registered(ctx, workspace, bank)
	if err != nil {
		return Move{}, err
	}
	nowTransport, nowSeal := c.pair(r.Progress.Client)
	m := Move{Bank: bank, Transport: cmp.Or(transport, nowTransport), Seal: cmp.Or(seal, nowSeal)}
	if m.Transport == nowTransport && m.Seal == nowSeal {
		return m, c.forgetMove(ctx, workspace, bank)
	}
	if err := c.serves(ctx, workspace, m); err != nil {
		return Move{}, err
	}
	recipe, err := c.Banks.Onboarder(ctx, workspace, bank)
	if err != nil {
		return Move{}, err
	}
	rotator, ok := recipe.(onepoint.Rotator)
	if !ok {
		return Move{}, onepoint.E(onepoint.CodeConflict, "use certificates", "this bank binds the registration to its certificate; register anew", nil)
	}
	detail := map[string]string{"transport": m.Transport, "seal": m.Seal}
	if err := c.Audit.Record(ctx, workspace, "registration.moving", bank, detail); err != nil {
		return Move{}, err
	}
	return c.move(ctx, workspace, rotator, m)
}

func (c *Certificates) registered(ctx context.Context, workspace, bank string) (Registration, error) {
	if _, err := c.Banks.Bank(bank); err != nil {
		return Registration{}, err
	}
	r, err := c.Store.Registration(ctx, workspace, bank)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound || err == nil && r.Status != RegistrationDone {
		return r, onepoint.E(onepoint.CodeConflict, "use certificates", "there is no finished registration at this bank; register there first", nil)
	}
	return r, err
}

// serves refuses certificates that no bank would take, before one is asked.
func (c *Certificates) serves(ctx context.Context, workspace string, m Move) error {
	for _, part := range []struct {
		name string
		kind CertificateKind
		want string
	}{{m.Transport, CertificateQWAC, "opens TLS, which needs a QWAC"}, {m.Seal, CertificateQSEAL, "signs, which needs a QSEAL"}} {
		k, err := c.find(ctx, workspace, part.name)
		if err != nil {
			return err
		}
		refuse := func(msg string) error {
			return onepoint.E(onepoint.CodeCertificateInvalid, "use certificates", part.name+" "+msg, nil)
		}
		if len(k.Chain) == 0 {
			return refuse("is a key without a certificate; install one")
		}
		now := c.Now()
		parsed, err := eidas.Parse(k.Chain[0])
		switch {
		case err != nil || describe(k, now).Kind != part.kind:
			return refuse("is a certificate of another kind: it " + part.want)
		case now.After(k.Chain[0].NotAfter) || now.Before(k.Chain[0].NotBefore):
			return refuse("is not valid today")
		case !parsed.Has(eidas.RoleAI):
			return refuse("lacks the role PSP_AI, without which no bank shares accounts")
		}
	}
	return nil
}

// move does it, with the syncs of the bank held.
func (c *Certificates) move(ctx context.Context, workspace string, rotator onepoint.Rotator, m Move) (Move, error) {
	held, err := c.holdSyncs(ctx, workspace, m.Bank)
	defer func() {
		for _, conn := range held {
			c.Sync.release(ctx, conn)
		}
	}()
	if err != nil {
		return Move{}, err
	}
	r, err := c.noteMove(ctx, workspace, m)
	if err != nil {
		return Move{}, err
	}
	p := withMaps(r.Progress)
	next := p.Client
	next.Transport, next.Seal = m.Transport, m.Seal
	if err := rotator.Rotate(ctx, &p, next); err != nil {
		return Move{}, onepoint.E("", "move "+m.Bank+" to other certificates", "", errors.Join(err, c.abandon(ctx, workspace, m.Bank, err)))
	}
	if err := c.Audit.Record(ctx, workspace, "registration.moved", m.Bank, map[string]string{"transport": m.Transport, "seal": m.Seal}); err != nil {
		return Move{}, err
	}
	if err := c.flip(ctx, workspace, m, p); err != nil {
		return Move{}, err
	}
	for _, conn := range held {
		if left := c.renewAccess(ctx, conn); left != "" {
			m.Left = append(m.Left, left)
			continue
		}
		m.Connections++
	}
	return m, nil
}

// noteMove saves where the registration is moving to: at a bank that takes one
// certificate at a time, a move that died must be finished.
func (c *Certificates) noteMove(ctx context.Context, workspace string, m Move) (Registration, error) {
	return c.Store.UpdateRegistration(ctx, workspace, m.Bank, func(r *Registration) ([]onepoint.Event, error) {
		if r.Status != RegistrationDone {
			return nil, onepoint.E(onepoint.CodeConflict, "use certificates", "the registration ended meanwhile", nil)
		}
		r.Progress = withMaps(r.Progress)
		r.Progress.Facts[factMoveTransport], r.Progress.Facts[factMoveSeal] = m.Transport, m.Seal
		return nil, nil
	})
}

// abandon forgets the move that the bank refused; one that it did not answer
// may have happened, and is taken up again.
func (c *Certificates) abandon(ctx context.Context, workspace, bank string, cause error) error {
	switch onepoint.CodeOf(cause) {
	case onepoint.CodeUnavailable, onepoint.CodeRateLimited, onepoint.CodeInternal:
		return nil
	}
	return c.forgetMove(ctx, workspace, bank)
}

func (c *Certificates) forgetMove(ctx context.Context, workspace, bank string) error {
	_, err := c.Store.UpdateRegistration(ctx, workspace, bank, func(r *Registration) ([]onepoint.Event, error) {
		r.Progress = withMaps(r.Progress)
		delete(r.Progress.Facts, factMoveTransport)
		delete(r.Progress.Facts, factMoveSeal)
		return nil, nil
	})
	return err
}

// flip changes the registration; from here on its connector is opened with the
// new certificates.
func (c *Certificates) flip(ctx context.Context, workspace string, m Move, p onepoint.Progress) error {
	_, err := c.Store.UpdateRegistration(ctx, workspace, m.Bank, func(r *Registration) ([]onepoint.Event, error) {
		if r.Status != RegistrationDone || r.Progress.Client.ID != p.Client.ID {
			return nil, onepoint.E(onepoint.CodeConflict, "use certificates", "the registration changed meanwhile; try again", nil)
		}
		r.Progress = withMaps(p)
		r.Progress.Client.Transport, r.Progress.Client.Seal = m.Transport, m.Seal
		delete(r.Progress.Facts, factMoveTransport)
		delete(r.Progress.Facts, factMoveSeal)
		r.Updated = c.Now()
		return []onepoint.Event{{Type: onepoint.EventRegistrationChanged, Subject: m.Bank}}, nil
	})
	return err
}

// Resume finishes moves that a stop of the program cut short. Its error is of
// the first that cannot be finished now.
func (c *Certificates) Resume(ctx context.Context, workspace string) error {
	all, err := c.Store.Registrations(ctx, workspace)
	if err != nil {
		return err
	}
	var failures []error
	for _, r := range all {
		transport, seal := r.Progress.Facts[factMoveTransport], r.Progress.Facts[factMoveSeal]
		if transport == "" || r.Status != RegistrationDone {
			continue
		}
		if _, err := c.Use(ctx, workspace, r.Bank, transport, seal); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

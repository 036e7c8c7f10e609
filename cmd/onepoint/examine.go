package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
	"github.com/onepointledger/onepoint/tpp"
)

const (
	clockTolerance = 30 * time.Second // banks refuse signed messages beyond about a minute
	examineLimit   = 5 * time.Second
)

func passed(name, format string, args ...any) api.Check {
	return api.Check{Name: name, Status: "ok", Message: fmt.Sprintf(format, args...)}
}

func warned(name, remedy, format string, args ...any) api.Check {
	return api.Check{Name: name, Status: "warn", Message: fmt.Sprintf(format, args...), Remedy: remedy}
}

func broken(name, remedy, format string, args ...any) api.Check {
	return api.Check{Name: name, Status: "fail", Message: fmt.Sprintf(format, args...), Remedy: remedy}
}

// examine is what `onepoint doctor` shows of a running platform.
func (p *platformSide) examine(ctx context.Context) []api.Check {
	ctx, cancel := context.WithTimeout(ctx, examineLimit)
	defer cancel()
	checks := []api.Check{p.examineDatabase(ctx)}
	checks = append(checks, p.examineCertificates(ctx)...)
	checks = append(checks, p.examineBank(ctx)...)
	return append(checks, p.examineRedirect(ctx))
}

func (p *platformSide) examineDatabase(ctx context.Context) api.Check {
	_, dialect := p.db.Handle()
	if err := p.db.Ping(ctx); err != nil {
		return broken("database", "check that the database runs and that its disk has room", "%s does not answer", dialect)
	}
	return passed("database", "%s answers", dialect)
}

func (p *platformSide) examineCertificates(ctx context.Context) []api.Check {
	var checks []api.Check
	for _, name := range p.certificatesInUse(ctx) {
		label, again := "certificate "+name, remedyFor(name)
		chain, err := p.keys.Chain(ctx, p.Workspace, name)
		if err != nil || len(chain) == 0 {
			checks = append(checks, broken(label, again, "there is none"))
			continue
		}
		left := chain[0].NotAfter.Sub(p.config.Now())
		days := int(left / (24 * time.Hour))
		revoked := p.revoked(ctx, name)
		switch {
		case revoked != "":
			checks = append(checks, broken(label, "issue another with `onepoint certs issue` and move the bank to it with `onepoint certs use`", "%s", revoked))
		case left <= 0:
			checks = append(checks, broken(label, again, "expired on %s", chain[0].NotAfter.Format(time.DateOnly)))
		case left < renewBefore:
			checks = append(checks, warned(label, again, "ends in %d days", days))
		default:
			checks = append(checks, passed(label, "%s, good for %d days", tppOrg, days))
		}
	}
	return checks
}

// examineBank calls the bank over mutual TLS: the port, the trust in its
// certificate, and its clock.
func (p *platformSide) examineBank(ctx context.Context) []api.Check {
	const port, clock = "bank port", "clock"
	profile, err := p.banks.profile(localBank)
	if err != nil {
		return []api.Check{broken(port, "", "%s", onepoint.MessageOf(err))}
	}
	env, err := p.banks.env(ctx, p.Workspace, profile, onepoint.Client{})
	if err != nil {
		return []api.Check{broken(port, "see certificates above", "cannot call the bank without a certificate")}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, profile.Endpoints.Issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		return []api.Check{broken(port, "correct the bank's profile", "the bank's address is malformed")}
	}
	resp, err := env.HTTP.Do(req)
	if err != nil {
		return []api.Check{broken(port, "check that the bank runs and that nothing else has its port", "%s does not answer", profile.Endpoints.Issuer)}
	}
	defer resp.Body.Close()
	checks := []api.Check{passed(port, "%s answers over mutual TLS", profile.Endpoints.Issuer)}
	there, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return append(checks, warned(clock, "", "the bank does not tell its time"))
	}
	skew := p.config.Now().Sub(there).Abs()
	if skew > clockTolerance {
		return append(checks, broken(clock, "set this machine's clock by NTP", "differs from the bank's by %s; signed messages will be refused", skew.Round(time.Second)))
	}
	return append(checks, passed(clock, "agrees with the bank's"))
}

func (p *platformSide) examineRedirect(ctx context.Context) api.Check {
	const name = "redirect URI"
	reg, err := p.onboard.Registration(ctx, p.Workspace, localBank)
	remedy := "run `onepoint tpp register " + localBank + "`"
	switch {
	case err != nil || reg.Status != tpp.RegistrationDone:
		return warned(name, remedy, "not registered at %s", bankName)
	case reg.Progress.Client.RedirectURI != p.banks.redirect:
		return broken(name, remedy, "the bank knows %s, this platform is at %s", reg.Progress.Client.RedirectURI, p.banks.redirect)
	}
	return passed(name, "%s, as registered", p.banks.redirect)
}

package profiles

import (
	"cmp"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

//go:embed *.toml
var files embed.FS

// Load reads the profiles that ship with the program, ordered by name.
func Load() ([]connector.Profile, error) { return From(files) }

// From reads every .toml file of a folder as a profile, ordered by name. A file is
// named after its profile's id.
func From(folder fs.FS) ([]connector.Profile, error) {
	entries, err := fs.Glob(folder, "*.toml")
	if err != nil {
		return nil, fmt.Errorf("list profiles: %w", err)
	}
	var all []connector.Profile
	for _, name := range entries {
		p, err := read(folder, name)
		if err != nil {
			return nil, onepoint.E("", "read profile", name+": "+onepoint.MessageOf(err), err)
		}
		if p.ID != strings.TrimSuffix(name, ".toml") {
			return nil, onepoint.Missing("read profile", name, "its id is "+p.ID+"; the file is named after the id")
		}
		all = append(all, p)
	}
	slices.SortFunc(all, byName)
	return all, nil
}

func read(folder fs.FS, name string) (connector.Profile, error) {
	f, err := folder.Open(name)
	if err != nil {
		return connector.Profile{}, fmt.Errorf("open profile: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	if err != nil {
		return connector.Profile{}, fmt.Errorf("read profile: %w", err)
	}
	return Parse(content)
}

func byName(a, b connector.Profile) int { return cmp.Compare(a.Name, b.Name) }

// Merge puts a user's profiles beside those that ship; one of the same id takes
// the shipped one's place.
func Merge(shipped, own []connector.Profile) []connector.Profile {
	all := slices.Clone(own)
	for _, p := range shipped {
		if !slices.ContainsFunc(own, func(o connector.Profile) bool { return o.ID == p.ID }) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, byName)
	return all
}

const maxProfile = 64 << 10

// Parse reads and checks one profile. Every fault is told at once, as
// [onepoint.CodeInvalid] with one field each; unknown keys are faults.
func Parse(content []byte) (connector.Profile, error) {
	const op = "read profile"
	var p connector.Profile
	if len(content) > maxProfile {
		return p, onepoint.E(onepoint.CodeInvalid, op, "the profile is too large", nil)
	}
	meta, err := toml.Decode(string(content), &p)
	if err != nil {
		return p, onepoint.E(onepoint.CodeInvalid, op, "the profile is not TOML: "+strings.TrimPrefix(err.Error(), "toml: "), nil)
	}
	var faults []onepoint.Field
	for _, key := range meta.Undecoded() {
		faults = append(faults, onepoint.Field{Name: key.String(), Message: "is no key of a profile"})
	}
	if faults = append(faults, check(p)...); len(faults) > 0 {
		var words []string
		for _, f := range faults {
			words = append(words, f.Name+" "+f.Message)
		}
		return p, &onepoint.Error{Code: onepoint.CodeInvalid, Op: op, Msg: strings.Join(words, "; "), Fields: faults}
	}
	return p, nil
}

var (
	idForm      = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	bicForm     = regexp.MustCompile(`^[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$`)
)

func check(p connector.Profile) []onepoint.Field {
	var faults []onepoint.Field
	must := func(ok bool, name, msg string) {
		if !ok {
			faults = append(faults, onepoint.Field{Name: name, Message: msg})
		}
	}
	must(idForm.MatchString(p.ID), "id", "must be lower-case words joined by -")
	must(p.Name != "", "name", "is missing")
	must(countryForm.MatchString(p.Country), "country", "must be an ISO 3166-1 code of two capitals")
	must(p.BIC == "" || bicForm.MatchString(p.BIC), "bic", "must be an ISO 9362 code")
	must(p.Standard != "", "standard", "is missing")
	must(p.Version != "", "version", "is missing")
	_, err := time.LoadLocation(p.TimeZone)
	must(err == nil && p.TimeZone != "", "time_zone", "must be an IANA zone such as Europe/London")
	must(len(p.Offers) > 0, "offers", "must name what the bank offers")
	for _, o := range p.Offers {
		must(slices.Contains([]string{"accounts", "payments", "funds"}, o), "offers", "may be accounts, payments, funds")
	}
	needed := []string{"endpoints.issuer", "endpoints.resource"}
	for name, address := range p.Addresses() {
		must(isHTTPS(*address) || *address == "" && !slices.Contains(needed, name), name, "must be an https address")
	}
	for _, q := range p.Onboarding.Asks {
		must(q.Name != "" && q.Label != "", "onboarding.asks", "each needs a name and a label")
	}
	s := p.Security
	must(slices.Contains([]string{"private_key_jwt", "tls_client_auth", "client_secret_post", "none"}, s.ClientAuth), "security.client_auth", "must be private_key_jwt, tls_client_auth, client_secret_post or none")
	must(slices.Contains([]string{"code", "code id_token", "none"}, s.ResponseType), "security.response_type", "must be code, code id_token or none")
	must(slices.Contains([]string{"PS256", "ES256", "RS256"}, s.SigningAlg), "security.signing_alg", "must be PS256, ES256 or RS256")
	must(s.SigningAlg != "RS256" || p.Standard != "uk-open-banking", "security.signing_alg", "must be PS256 or ES256: UK Open Banking is FAPI")
	l := p.Limits
	must(min(l.ConsentDays, l.HistoryDays, l.OverlapDays, l.UnattendedDaily) >= 0, "limits", "must not be negative")
	return faults
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.Fragment == ""
}

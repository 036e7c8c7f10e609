package tpp_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/tpp"
)

// alarm is a certificate event as a reader sees it.
type alarm struct {
	Type     onepoint.EventType
	Subject  string
	Name     string    `json:"name"`
	Days     int       `json:"days"`
	NotAfter time.Time `json:"notAfter"`
	Banks    []string  `json:"banks"`
}

func (c *certRig) alarms(t *testing.T) []alarm {
	t.Helper()
	events, err := c.db.Events(t.Context(), workspace, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []alarm
	for _, e := range events {
		if e.Type != onepoint.EventCertificateExpiring && e.Type != onepoint.EventCertificateRevoked {
			continue
		}
		a := alarm{Type: e.Type, Subject: e.Subject}
		if err := json.Unmarshal(e.Data, &a); err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

func TestAlarmsComeOncePerThreshold(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		start := c.clock
		end := start.AddDate(0, 0, 70)
		c.until(t, "seal", end)
		c.registered(t, "", "seal")
		given := map[int][]int{} // days left to the alarms of that day
		for hour := 0; hour <= 72*24; hour += 6 {
			c.clock = start.Add(time.Duration(hour) * time.Hour)
			before := len(c.alarms(t))
			for range 2 {
				if err := c.certs.Watch(t.Context(), workspace); err != nil {
					t.Fatal(err)
				}
			}
			if hour%(24*10) == 0 { // the program starts again on the same data
				again := *c.certs
				c.certs = &again
			}
			for _, a := range c.alarms(t)[before:] {
				left := int(end.Sub(c.clock).Round(time.Hour).Hours())
				given[left] = append(given[left], a.Days)
				if a.Subject != "seal" || a.Name != "seal" || !a.NotAfter.Equal(end) || !slices.Equal(a.Banks, []string{bankID}) {
					t.Errorf("alarm %+v", a)
				}
			}
		}
		want := map[int][]int{60 * 24: {60}, 30 * 24: {30}, 14 * 24: {14}, 7 * 24: {7}, 24: {1}, -6: {-1}}
		if fmt.Sprint(given) != fmt.Sprint(want) {
			t.Errorf("alarms by hours left: %v, want %v", given, want)
		}
	})
}

func TestLateCertificateGivesOneAlarm(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		c.until(t, "late", c.clock.AddDate(0, 0, 20))
		c.until(t, "far", c.clock.AddDate(0, 0, 61))
		c.until(t, "over", c.clock.AddDate(0, 0, -3))
		for range 3 {
			if err := c.certs.Watch(t.Context(), workspace); err != nil {
				t.Fatal(err)
			}
		}
		got := c.alarms(t)
		if len(got) != 2 || got[0].Name != "late" || got[0].Days != 20 || got[1].Name != "over" || got[1].Days != -3 {
			t.Errorf("got %+v", got)
		}
		// A renewed certificate is another one, with alarms of its own.
		key, err := c.vault.Signer(t.Context(), workspace, "late")
		if err != nil {
			t.Fatal(err)
		}
		renewed := c.chain(t, key.Public(), eidas.Request{Type: eidas.TypeSeal, NotAfter: c.clock.AddDate(0, 0, 25)})
		if _, err := c.certs.Install(t.Context(), workspace, "late", renewed); err != nil {
			t.Fatal(err)
		}
		if err := c.certs.Watch(t.Context(), workspace); err != nil {
			t.Fatal(err)
		}
		if got = c.alarms(t); len(got) != 3 || got[2].Days != 25 {
			t.Errorf("after the renewal: %+v", got)
		}
	})
}

func TestRevocationIsToldOnce(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		c.issue(t, "qwac", "qwac")
		for i, state := range []eidas.RevocationState{eidas.Good, eidas.Unknown, eidas.Revoked, eidas.Revoked} {
			c.revocation.status = eidas.Status{State: state, RevokedAt: c.clock}
			if err := c.certs.Watch(t.Context(), workspace); err != nil {
				t.Fatal(err)
			}
			if got := c.alarms(t); len(got) != min(1, i/2) || len(got) > 0 && got[0].Type != onepoint.EventCertificateRevoked {
				t.Errorf("after %d: %+v", i, got)
			}
		}
	})
}

func TestUseIsRefusedBeforeTheBankIsAsked(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		ai := []eidas.Role{eidas.RoleAI}
		for name, kind := range map[string]string{"qwac": "qwac", "qseal": "qseal", "qwac.2": "qwac"} {
			c.issue(t, name, kind)
		}
		c.give(t, "expired", eidas.Request{Type: eidas.TypeWeb, Roles: ai, NotBefore: c.clock.AddDate(-1, 0, 0), NotAfter: c.clock.AddDate(0, 0, -2)})
		c.give(t, "roleless", eidas.Request{Type: eidas.TypeWeb, Roles: []eidas.Role{eidas.RolePI}})
		if _, err := c.certs.Request(t.Context(), workspace, order("bare", "qwac")); err != nil {
			t.Fatal(err)
		}
		use := func(transport, seal string) error {
			_, err := c.certs.Use(t.Context(), workspace, bankID, transport, seal)
			return err
		}
		if err := use("qwac.2", ""); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("without a registration: %v", err)
		}
		c.registered(t, "", "")
		for _, tt := range []struct {
			name, transport, seal string
			want                  onepoint.Code
		}{
			{"another kind", "qseal", "", onepoint.CodeCertificateInvalid},
			{"a QWAC to sign", "", "qwac.2", onepoint.CodeCertificateInvalid},
			{"expired", "expired", "", onepoint.CodeCertificateInvalid},
			{"missing role", "roleless", "", onepoint.CodeCertificateInvalid},
			{"a key alone", "bare", "", onepoint.CodeCertificateInvalid},
			{"unknown", "none", "", onepoint.CodeNotFound},
			{"a bank that binds its certificate", "qwac.2", "", onepoint.CodeConflict},
			{"the same", "qwac", "qseal", ""},
		} {
			if err := use(tt.transport, tt.seal); onepoint.CodeOf(err) != tt.want {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		reg, err := c.db.Registration(t.Context(), workspace, bankID)
		if err != nil || reg.Progress.Client.Transport != "" || reg.Status != tpp.RegistrationDone {
			t.Errorf("the registration changed: %+v, %v", reg, err)
		}
	})
}

package tpp

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
)

// CertificateAlarms remembers which alarms were given.
type CertificateAlarms interface {
	// RaiseAlarm commits the event together with the memory of it, and returns false
	// when this certificate's alarm of this many days was raised before.
	RaiseAlarm(ctx context.Context, workspace, certificate string, days int, at time.Time, e onepoint.Event) (bool, error)
}

// Days of the two alarms that are no countdown.
const (
	alarmExpired = 0
	alarmRevoked = -1
)

// alarmDays are the days before its end at which an alarm is given.
func alarmDays() []int { return []int{1, 7, 14, 30, 60} } // the nearest first

// certificateData is what certificate events tell.
type certificateData struct {
	Name     string    `json:"name"`
	Days     int       `json:"days"` // full days left; negative once expired
	NotAfter time.Time `json:"notAfter"`
	Banks    []string  `json:"banks"`
	Revoked  time.Time `json:"revoked,omitzero"`
}

// Watch gives the alarms that are due: one for each certificate and threshold,
// whoever looks and however often. A certificate that comes with few days left
// gets the nearest one alone. It also asks issuers for revocations.
func (c *Certificates) Watch(ctx context.Context, workspace string) error {
	keys, err := c.Keys.Keys(ctx, workspace)
	if err != nil {
		return err
	}
	used, err := c.usage(ctx, workspace)
	if err != nil {
		return err
	}
	var failures []error
	for _, k := range keys {
		if len(k.Chain) == 0 {
			continue
		}
		if err := c.watchOne(ctx, workspace, k, used(k.Name)); err != nil {
			failures = append(failures, fmt.Errorf("watch certificate %s: %w", k.Name, err))
		}
	}
	return errors.Join(failures...)
}

func (c *Certificates) watchOne(ctx context.Context, workspace string, k Key, banks []string) error {
	leaf, now := k.Chain[0], c.Now()
	data := certificateData{Name: k.Name, Days: daysLeft(leaf, now), NotAfter: leaf.NotAfter.UTC(), Banks: banks}
	if data.Banks == nil {
		data.Banks = []string{}
	}
	if days, due := alarmDue(leaf, now); due {
		if err := c.raise(ctx, workspace, leaf, days, onepoint.EventCertificateExpiring, data); err != nil {
			return err
		}
	}
	if now.After(leaf.NotAfter) {
		return nil // nobody asks after an expired one, and issuers may have forgotten it
	}
	state, at := c.revocation(ctx, k.Chain)
	if state != RevocationRevoked {
		return nil
	}
	data.Revoked = at
	return c.raise(ctx, workspace, leaf, alarmRevoked, onepoint.EventCertificateRevoked, data)
}

// alarmDue is the nearest threshold that has been reached.
func alarmDue(leaf *x509.Certificate, now time.Time) (days int, due bool) {
	left := leaf.NotAfter.Sub(now)
	if left < 0 {
		return alarmExpired, true
	}
	for _, days := range alarmDays() {
		if left <= time.Duration(days)*24*time.Hour {
			return days, true
		}
	}
	return 0, false
}

func (c *Certificates) raise(ctx context.Context, workspace string, leaf *x509.Certificate, days int, t onepoint.EventType, data certificateData) error {
	encoded, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode alarm: %w", err)
	}
	raised, err := c.Alarms.RaiseAlarm(ctx, workspace, certificateID(leaf), days, c.Now(), onepoint.Event{Type: t, Subject: data.Name, At: c.Now(), Data: encoded})
	if raised {
		c.Log.WarnContext(ctx, string(t), "certificate", data.Name, "days", data.Days, "notAfter", data.NotAfter, "banks", data.Banks)
	}
	return err
}

// certificateID names a certificate as X.509 does: by its issuer and the serial
// number that the issuer gave.
func certificateID(leaf *x509.Certificate) string {
	issuer := sha256.Sum256(leaf.RawIssuer)
	return leaf.SerialNumber.Text(16) + "@" + hex.EncodeToString(issuer[:8])
}

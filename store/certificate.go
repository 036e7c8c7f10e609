package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

var _ tpp.CertificateAlarms = (*Platform)(nil)

// RaiseAlarm implements tpp.CertificateAlarms.
func (p *Platform) RaiseAlarm(ctx context.Context, workspace, certificate string, days int, at time.Time, e onepoint.Event) (bool, error) {
	raised := false
	err := p.tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx,
			`INSERT INTO certificate_alarms (workspace, certificate, days, at) VALUES ($1, $2, $3, $4)
			 ON CONFLICT (workspace, certificate, days) DO NOTHING`, workspace, certificate, days, micros(at))
		if err != nil {
			return failed("raise alarm", err)
		}
		n, err := result.RowsAffected()
		if raised = n == 1; err != nil || !raised {
			return failed("raise alarm", err)
		}
		return p.record(ctx, tx, workspace, []onepoint.Event{e})
	})
	return raised && err == nil, err
}

package tpp

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// RegistrationStatus says where the onboarding at a bank stands.
type RegistrationStatus string

// The statuses.
const (
	RegistrationNone       RegistrationStatus = "not_registered"
	RegistrationRunning    RegistrationStatus = "running"
	RegistrationNeedsInput RegistrationStatus = "needs_input"
	RegistrationWaiting    RegistrationStatus = "waiting_for_bank"
	RegistrationFailed     RegistrationStatus = "failed"
	RegistrationDone       RegistrationStatus = "registered"
)

// Registration is the onboarding of one workspace at one bank, finished or not.
type Registration struct {
	Workspace string
	Bank      string // profile id
	Status    RegistrationStatus
	Progress  onepoint.Progress
	Step      string           // the step that is running or stopped it
	Message   string           // why it stopped and what to do
	Needs     []onepoint.Field // what a human must answer
	Updated   time.Time
}

// Registrations stores onboarding progress. Update makes the row when there is
// none yet; the row and the events that fn returns commit together, and fn may
// run again on conflict.
type Registrations interface {
	Registration(ctx context.Context, workspace, bank string) (Registration, error) // CodeNotFound
	Registrations(ctx context.Context, workspace string) ([]Registration, error)
	UpdateRegistration(ctx context.Context, workspace, bank string, fn func(*Registration) ([]onepoint.Event, error)) (Registration, error)
}

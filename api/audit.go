package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/audit"
)

// AuditLog reads and proves the audit log; *audit.Log has it.
type AuditLog interface {
	Entries(ctx context.Context, workspace, subject string, after int64, limit int) ([]audit.Entry, error)
	VerifyFrom(ctx context.Context, workspace string, noted audit.Proof) (audit.Proof, error)
}

// AuditEntry is one thing that was done with a key, a certificate, a credential,
// a registration or an API key.
type AuditEntry struct {
	Seq     int64             `json:"seq" doc:"Counts up by one"`
	At      time.Time         `json:"at"`
	Actor   string            `json:"actor" doc:"user:ID, key:ID or system"`
	Action  string            `json:"action" doc:"Such as key.used, credential.saved, registration.done"`
	Subject string            `json:"subject" doc:"What it was done to"`
	Detail  map[string]string `json:"detail"`
	Head    string            `json:"head" doc:"Of the chain up to here; noted elsewhere with seq, it proves later that nothing was cut off"`
}

// AuditProof is the outcome of checking the whole log.
type AuditProof struct {
	Whole   bool   `json:"whole" doc:"Nothing was found wrong"`
	Entries int64  `json:"entries" doc:"How many were found whole"`
	Head    string `json:"head" doc:"Of the last whole entry; note it with entries and give both later"`
	Broken  int64  `json:"broken,omitempty" doc:"The first entry that was changed, moved or lost"`
	Noted   string `json:"noted,omitempty" enum:"kept,lost" doc:"Whether the point asked for is still in the chain"`
}

type auditInput struct {
	Subject string `query:"subject" maxLength:"200" doc:"Only what was done to this"`
	Cursor  string `query:"cursor" maxLength:"20"`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// listAudit is the log, oldest first.
func (a *API) listAudit(ctx context.Context, in *auditInput) (*body[list[AuditEntry]], error) {
	after := int64(0)
	if in.Cursor != "" {
		var err error
		if after, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil || after < 0 {
			return nil, onepoint.Missing("list the audit log", "cursor", "must be the next of an earlier page")
		}
	}
	entries, err := a.Audit.Entries(ctx, principal(ctx).Workspace, in.Subject, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := list[AuditEntry]{Items: []AuditEntry{}}
	for i, e := range entries {
		if i == in.Limit {
			out.Next = strconv.FormatInt(entries[i-1].Seq, 10)
			break
		}
		shown := AuditEntry{
			Seq: e.Seq, At: e.At.UTC(), Actor: e.Actor, Action: e.Action, Subject: e.Subject,
			Detail: map[string]string{}, Head: hex.EncodeToString(e.MAC),
		}
		if err := json.Unmarshal([]byte(e.Detail), &shown.Detail); err != nil {
			shown.Detail = map[string]string{"damaged": e.Detail} // somebody changed it; the proof says where
		}
		out.Items = append(out.Items, shown)
	}
	return &body[list[AuditEntry]]{out}, nil
}

type auditProofInput struct {
	Entries int64  `query:"entries" minimum:"0" doc:"Noted earlier, with head"`
	Head    string `query:"head" maxLength:"64" doc:"Noted earlier, with entries"`
}

func (a *API) proveAudit(ctx context.Context, in *auditProofInput) (*body[AuditProof], error) {
	p, err := a.Audit.VerifyFrom(ctx, principal(ctx).Workspace, audit.Proof{Entries: in.Entries, Head: in.Head})
	return &body[AuditProof]{AuditProof{Whole: p.Whole(), Entries: p.Entries, Head: p.Head, Broken: p.Broken, Noted: p.Noted}}, err
}

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

type auditCmd struct {
	List   auditListCmd   `cmd:"" help:"List what was done with keys, certificates, credentials and registrations, newest last."`
	Verify auditVerifyCmd `cmd:"" help:"Prove that no entry was changed, moved or lost."`
}

type auditListCmd struct {
	jsonFlag
	Subject string `help:"Only what was done to this: a key, a bank, a group." placeholder:"NAME"`
	Limit   int    `help:"At most the newest this many; 0 for all." default:"50"`
}

// Run lists the log.
func (l *auditListCmd) Run(c *cliContext) error {
	if l.Limit < 0 {
		return onepoint.Missing("list the audit log", "--limit", "must not be negative")
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	q := url.Values{"limit": {"500"}}
	if l.Subject != "" {
		q.Set("subject", l.Subject)
	}
	items, err := cl.list(c.Ctx, "/audit", q, 0)
	if err != nil {
		return err
	}
	if l.Limit > 0 && len(items) > l.Limit {
		items = items[len(items)-l.Limit:]
	}
	return show(c, l.JSON, items, "Nothing was recorded.", []string{">#", "AT", "WHO", "WHAT", "TO", "DETAIL"}, func(t *table, e api.AuditEntry) {
		var detail []string
		for _, name := range slices.Sorted(maps.Keys(e.Detail)) {
			detail = append(detail, name+"="+e.Detail[name])
		}
		t.add(strconv.FormatInt(e.Seq, 10), e.At.Local().Format("2006-01-02 15:04:05"), e.Actor, e.Action, shorten(e.Subject, 40), shorten(strings.Join(detail, " "), 60))
	})
}

type auditVerifyCmd struct {
	jsonFlag
	Head    string `help:"The head that an earlier run printed: shows whether the end was cut off since." placeholder:"HEX"`
	Entries int64  `help:"The number of entries printed with it." placeholder:"N"`
}

// Run proves the log; a broken one is an error that names the entry.
func (v *auditVerifyCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	q := url.Values{}
	if v.Head != "" || v.Entries != 0 {
		q.Set("head", v.Head)
		q.Set("entries", strconv.FormatInt(v.Entries, 10))
	}
	var raw json.RawMessage
	if err := cl.call(c.Ctx, http.MethodGet, "/audit/proof?"+q.Encode(), nil, &raw); err != nil {
		return err
	}
	var p api.AuditProof
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("read the proof: %w", err)
	}
	if v.JSON {
		if err := printJSON(c.Out, raw); err != nil {
			return err
		}
	}
	const op = "verify the audit log"
	switch {
	case p.Broken > 0:
		return onepoint.E(onepoint.CodeConflict, op, fmt.Sprintf("entry %d of the audit log was changed, moved or lost; the %d before it are whole", p.Broken, p.Entries), nil)
	case p.Noted == "lost":
		return onepoint.E(onepoint.CodeConflict, op, fmt.Sprintf("the point noted at entry %d is no longer in the audit log: its end was cut off, or it was written anew", v.Entries), nil)
	case v.JSON:
		return nil
	}
	fmt.Fprintf(c.Out, "%d entries, none changed, moved or lost\n", p.Entries)
	if p.Noted != "" {
		fmt.Fprintf(c.Out, "the point noted at entry %d is still in the chain\n", v.Entries)
	}
	if p.Head != "" {
		fmt.Fprintf(c.Out, "note this elsewhere, to prove later that nothing was cut off:\n  onepoint audit verify --entries %d --head %s\n", p.Entries, p.Head)
	}
	return nil
}

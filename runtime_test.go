package onepoint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

func TestIDsSortByTimeAndNeverRepeat(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	id := onepoint.NewIDs(func() time.Time { now = now.Add(time.Millisecond); return now })
	var ids []string
	for range 1000 {
		ids = append(ids, id("con"))
	}
	if !slices.IsSorted(ids) {
		t.Error("identifiers do not sort by the time they were made")
	}
	if len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("identifiers repeat")
	}
	if !strings.HasPrefix(ids[0], "con_") || len(ids[0]) != len("con_")+26 {
		t.Errorf("unexpected shape %q", ids[0])
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	const canary = "canary-7f3a"
	s := struct {
		S onepoint.Secret
		G onepoint.Grant
	}{onepoint.Secret(canary), onepoint.Grant{ConsentID: "c1", AccessToken: canary, RefreshToken: canary}}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s.S)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s.S, "grant", s.G)
	j, err := json.Marshal(s.S)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{fmt.Sprint(s.S, s.G), fmt.Sprintf("%+v %#v %s", s, s, s.S), string(j), log.String()} {
		if strings.Contains(out, canary) {
			t.Errorf("a secret shows in %q", out)
		}
	}
	if s.S.Reveal() != canary {
		t.Error("Reveal lost the secret")
	}
}

func TestErrorsKeepWhatTheCallerCanDo(t *testing.T) {
	inner := &onepoint.Error{Code: onepoint.CodeRateLimited, Op: "read", Msg: "the bank asks to wait", Retry: time.Minute, Err: io.EOF}
	outer := fmt.Errorf("sync: %w", onepoint.E("", "sync account", "", inner))
	if onepoint.CodeOf(outer) != onepoint.CodeRateLimited {
		t.Errorf("code %s", onepoint.CodeOf(outer))
	}
	if onepoint.MessageOf(outer) != "the bank asks to wait" {
		t.Errorf("message %q", onepoint.MessageOf(outer))
	}
	var e *onepoint.Error
	if !errors.As(outer, &e) || e.Retry != time.Minute || !errors.Is(outer, io.EOF) {
		t.Errorf("lost retry or cause: %+v", e)
	}
	if got := onepoint.CodeOf(io.EOF); got != onepoint.CodeInternal {
		t.Errorf("a foreign error is %s", got)
	}
	if strings.Contains(onepoint.MessageOf(io.EOF), "EOF") {
		t.Error("a foreign error's text is shown to the user")
	}
}

func TestDates(t *testing.T) {
	d, err := onepoint.ParseDate("2024-02-29")
	if err != nil || d.AddDays(1).String() != "2024-03-01" || d.DaysUntil(d.AddDays(400)) != 400 {
		t.Errorf("leap day: %v, %v", d, err)
	}
	for _, bad := range []string{"2023-02-29", "2023-2-3", "", "yesterday", "2023-02-03T00:00:00Z"} {
		if _, err := onepoint.ParseDate(bad); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	var zero onepoint.Date
	b, err := json.Marshal(zero)
	if err != nil || string(b) != `""` {
		t.Errorf("no date is %s, %v", b, err)
	}
}

func TestMaskIdentifier(t *testing.T) {
	for in, want := range map[string]string{"GB29NWBK60161331926819": "••••6819", "123": "••••", "": "••••"} {
		if got := onepoint.MaskIdentifier(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

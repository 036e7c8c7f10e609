package vault_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

func credential() onepoint.Credential {
	return onepoint.Credential{
		ClientID: "client-1", ClientSecret: "canary-secret", APIKey: "canary-api-key", More: map[string]onepoint.Secret{"installation": "canary-more", "empty": ""},
		ValidFrom: now, ValidUntil: now.Add(90 * 24 * time.Hour),
	}
}

func same(a, b onepoint.Credential) bool {
	if len(a.More) != len(b.More) {
		return false
	}
	for name, secret := range a.More {
		if got, ok := b.More[name]; !ok || got != secret {
			return false
		}
	}
	return a.ClientID == b.ClientID && a.ClientSecret == b.ClientSecret && a.APIKey == b.APIKey && a.ValidFrom.Equal(b.ValidFrom) && a.ValidUntil.Equal(b.ValidUntil)
}

func TestCredentialsReadBackAsSaved(t *testing.T) {
	ctx, s, file := t.Context(), newMemory(), keyFile(t)
	v := open(t, s, file)
	for name, c := range map[string]onepoint.Credential{"whole": credential(), "empty": {}, "a key alone": {APIKey: "k"}} {
		if err := v.SaveCredential(ctx, "ws_1", name, c); err != nil {
			t.Fatal(err)
		}
		got, err := open(t, s, file).Credential(ctx, "ws_1", name)
		if err != nil || !same(got, c) {
			t.Errorf("%s: client %q, %v", name, got.ClientID, err)
		}
	}
	for key, sealed := range s.items {
		if bytes.Contains(sealed, []byte("canary")) || bytes.Contains(sealed, []byte("client-1")) {
			t.Errorf("%s %s lies open in the store", key.kind, key.name)
		}
	}
}

func TestCredentialsAreReplacedAndRemoved(t *testing.T) {
	ctx, v := t.Context(), open(t, newMemory(), keyFile(t))
	if _, err := v.Credential(ctx, "ws_1", "op"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("before: %v", err)
	}
	next := onepoint.Credential{ClientID: "client-2", ClientSecret: "next"}
	for _, c := range []onepoint.Credential{credential(), next} {
		if err := v.SaveCredential(ctx, "ws_1", "op", c); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := v.Credential(ctx, "ws_1", "op"); err != nil || !same(got, next) {
		t.Errorf("replaced: client %q with %d more, %v", got.ClientID, len(got.More), err)
	}
	for range 2 { // again is fine
		if err := v.RemoveCredential(ctx, "ws_1", "op"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.Credential(ctx, "ws_1", "op"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("removed: %v", err)
	}
}

func TestGroupsAreListedByWorkspaceAndReadByNoOther(t *testing.T) {
	ctx, s := t.Context(), newMemory()
	v := open(t, s, keyFile(t))
	for _, group := range []string{"op", "bunq", "finapi"} {
		if err := v.SaveCredential(ctx, "ws_1", group, credential()); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.SaveCredential(ctx, "ws_2", "saltedge", credential()); err != nil {
		t.Fatal(err)
	}
	if err := v.RemoveCredential(ctx, "ws_1", "bunq"); err != nil {
		t.Fatal(err)
	}
	for workspace, want := range map[string][]string{"ws_1": {"finapi", "op"}, "ws_2": {"saltedge"}, "ws_3": nil} {
		if got, err := v.CredentialGroups(ctx, workspace); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", workspace, got, err)
		}
	}
	if _, err := v.Credential(ctx, "ws_2", "op"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("another workspace: %v", err)
	}
	s.items[itemKey{"ws_2", "credential", "op"}] = s.items[itemKey{"ws_1", "credential", "op"}] // by force
	if c, err := v.Credential(ctx, "ws_2", "op"); onepoint.CodeOf(err) != onepoint.CodeInternal || c.ClientSecret != "" {
		t.Errorf("sealed bytes of another workspace: %v", err)
	}
	s.items[itemKey{"ws_1", "credential", "bunq"}] = s.items[itemKey{"ws_1", "credential", "op"}]
	if _, err := v.Credential(ctx, "ws_1", "bunq"); onepoint.CodeOf(err) != onepoint.CodeInternal {
		t.Errorf("sealed bytes of another group: %v", err)
	}
}

func TestCredentialsAreNotPrinted(t *testing.T) {
	c := credential()
	shown, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"JSON": string(shown), "%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", c), "%#v": fmt.Sprintf("%#v", c)} {
		if bytes.Contains([]byte(text), []byte("canary")) {
			t.Errorf("%s shows a secret", name)
		}
	}
}

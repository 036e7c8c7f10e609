package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
)

// credential is the sealed form of onepoint.Credential, whose secrets do not
// encode by themselves.
type credential struct {
	Label        string            `json:"label,omitempty"`
	ClientID     string            `json:"clientId,omitempty"`
	ClientSecret string            `json:"clientSecret,omitempty"`
	APIKey       string            `json:"apiKey,omitempty"`
	More         map[string]string `json:"more,omitempty"`
	ValidFrom    time.Time         `json:"validFrom,omitzero"`
	ValidUntil   time.Time         `json:"validUntil,omitzero"`
}

// SaveCredential keeps the credentials of a group of banks in place of former
// ones.
func (v *Vault) SaveCredential(ctx context.Context, workspace, group string, c onepoint.Credential) error {
	const op = "keep credentials of"
	plain := credential{
		Label: c.Label, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), APIKey: c.APIKey.Reveal(),
		More: map[string]string{}, ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil,
	}
	for name, secret := range c.More {
		plain.More[name] = secret.Reveal()
	}
	encoded, err := json.Marshal(plain)
	if err != nil {
		return fmt.Errorf("encode credentials: %w", err)
	}
	sealed, err := v.sealItem(ctx, workspace, kindCredential, group, encoded)
	if err == nil {
		err = v.store.PutVaultItem(ctx, workspace, kindCredential, group, sealed, v.now())
	}
	return wrap(op, group, err)
}

// Credential returns the credentials of a group of banks. CodeNotFound when there
// are none.
func (v *Vault) Credential(ctx context.Context, workspace, group string) (onepoint.Credential, error) {
	var plain credential
	encoded, err := v.item(ctx, workspace, kindCredential, group)
	if err == nil {
		err = json.Unmarshal(encoded, &plain)
	}
	if err != nil {
		return onepoint.Credential{}, wrap("read credentials of", group, err)
	}
	c := onepoint.Credential{
		Label: plain.Label, ClientID: plain.ClientID, ClientSecret: onepoint.Secret(plain.ClientSecret), APIKey: onepoint.Secret(plain.APIKey),
		More: map[string]onepoint.Secret{}, ValidFrom: plain.ValidFrom, ValidUntil: plain.ValidUntil,
	}
	for name, secret := range plain.More {
		c.More[name] = onepoint.Secret(secret)
	}
	return c, nil
}

// RemoveCredential ends the credentials of a group. Removing what is not there is
// no error.
func (v *Vault) RemoveCredential(ctx context.Context, workspace, group string) error {
	return wrap("remove credentials of", group, v.store.DeleteVaultItem(ctx, workspace, kindCredential, group))
}

// CredentialGroups lists the groups that have credentials.
func (v *Vault) CredentialGroups(ctx context.Context, workspace string) ([]string, error) {
	return v.store.VaultNames(ctx, workspace, kindCredential)
}

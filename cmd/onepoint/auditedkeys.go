package main

import (
	"context"
	"slices"

	"github.com/onepointledger/onepoint/audit"
	"github.com/onepointledger/onepoint/identity"
)

// auditedKeys are the API keys, with every one that is made or deleted in the
// audit log first.
type auditedKeys struct {
	identity.Keys
	audit *audit.Log
}

// CreateAPIKey implements identity.Keys.
func (k auditedKeys) CreateAPIKey(ctx context.Context, key identity.APIKey) error {
	if err := k.audit.Record(ctx, key.Workspace, "apikey.made", key.ID, map[string]string{"name": key.Name}); err != nil {
		return err
	}
	return k.Keys.CreateAPIKey(ctx, key)
}

// DeleteAPIKey implements identity.Keys. What is not there leaves no entry.
func (k auditedKeys) DeleteAPIKey(ctx context.Context, workspace, id string) error {
	all, err := k.APIKeys(ctx, workspace)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(key identity.APIKey) bool { return key.ID == id }) {
		return k.Keys.DeleteAPIKey(ctx, workspace, id) // says that there is none
	}
	if err := k.audit.Record(ctx, workspace, "apikey.deleted", id, nil); err != nil {
		return err
	}
	return k.Keys.DeleteAPIKey(ctx, workspace, id)
}

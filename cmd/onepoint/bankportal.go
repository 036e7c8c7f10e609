package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/portal"
)

// operatorKeyFile opens the operators' pages of the bank's portal.
const operatorKeyFile = "bank-operator.key"

// servePortal mounts the bank's portal.
func servePortal(mux *http.ServeMux, c bankConfig, bank *modelbank.Bank, s modelbank.PortalStore, factor portal.SecondFactor, zone *time.Location) error {
	key, err := operatorKey(filepath.Join(c.Data, operatorKeyFile))
	if err != nil {
		return err
	}
	if c.NoSecondFactor {
		factor = nil
	}
	pages, err := portal.New(portal.Config{
		Factor: factor, Bank: bankName, Zone: zone, Customers: bank.Portal(s), Store: s, Operator: key, Now: c.Now, Log: c.Log.With("part", "portal"),
		Developers: portal.Developers{
			Issuer: c.URL, Directory: directoryName, Root: filepath.Base(c.Trust.rootFile), APIs: catalogue(), Users: testUsers(c.Seed),
		},
	})
	if err != nil {
		return fmt.Errorf("make the bank's portal: %w", err)
	}
	mux.Handle("/portal", pages.Handler())
	mux.Handle("/portal/", pages.Handler())
	c.Step("bank portal at %s/portal/, operators' key in %s", c.URL, filepath.Join(c.Data, operatorKeyFile))
	return nil
}

// operatorKey reads the operator's key, and makes it at the first start.
func operatorKey(file string) (onepoint.Secret, error) {
	saved, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		var b [32]byte
		rand.Read(b[:])
		key := base64.RawURLEncoding.EncodeToString(b[:])
		return onepoint.Secret(key), writeFile(file, []byte(key+"\n"), 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("read the operator's key: %w", err)
	}
	key := strings.TrimSpace(string(saved))
	if len(key) < 32 {
		return "", onepoint.E(onepoint.CodeInvalid, "read the operator's key", file+" holds no key of 32 characters or more; delete it and a new one is made", nil)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		return "", fmt.Errorf("close the operator's key to others: %w", err)
	}
	return onepoint.Secret(key), nil
}

func catalogue() []portal.API {
	const (
		stable = "Stable"
		obie   = "https://openbankinguk.github.io/read-write-api-site3/v4.0/"
	)
	return []portal.API{
		{
			Name: "Account information", Version: "UK Open Banking v4.0", Path: "/open-banking/v4.0/aisp", Status: stable,
			About: "Consents, accounts, balances, transactions.", Spec: obie + "profiles/account-and-transaction-api-profile.html",
		},
		{
			Name: "Account information", Version: "UK Open Banking v3.1.11", Path: "/open-banking/v3.1/aisp", Status: stable,
			About: "The same in the older version.", Spec: "https://openbankinguk.github.io/read-write-api-site3/v3.1.11/",
		},
		{
			Name: "Payment initiation", Version: "UK Open Banking v3.1.11 and v4.0", Path: "/open-banking/v4.0/pisp", Status: stable,
			About: "Domestic, scheduled, standing orders, international and file payments.", Spec: obie + "profiles/payment-initiation-api-profile.html",
		},
		{
			Name: "Variable recurring payments", Version: "UK Open Banking v3.1.11 and v4.0", Path: "/open-banking/v4.0/vrp", Status: stable,
			About: "Payments within limits that the customer set once.", Spec: obie + "profiles/vrp-profile.html",
		},
		{
			Name: "Confirmation of funds", Version: "UK Open Banking v3.1.11 and v4.0", Path: "/open-banking/v4.0/cbpii", Status: stable,
			About: "Whether an account could pay: yes or no.", Spec: obie + "profiles/confirmation-of-funds-api-profile.html",
		},
		{
			Name: "Events", Version: "UK Open Banking v3.1.11 and v4.0", Path: "/open-banking/v4.0/event-subscriptions", Status: stable,
			About: "Signed tokens pushed or polled when a consent or payment changes.", Spec: obie + "profiles/event-notification-api-profile.html",
		},
		{
			Name: "Registration", Version: "DCR v3.3", Path: "/as/register", Status: stable,
			About: "Register a client, read it, change it, delete it.", Spec: "https://openbankinguk.github.io/dcr-docs-pub/v3.3/dynamic-client-registration.html",
		},
		{
			Name: "Authorization", Version: "FAPI 1 Advanced, FAPI 2, PAR, JARM", Path: "/as", Status: stable,
			About: "Customers log in and decide; tokens are bound to certificates.", Spec: "https://openid.net/specs/openid-financial-api-part-2-1_0.html",
		},
		{
			Name: "Directory", Version: "local", Path: "/directory", Status: stable,
			About: "Software statements and key sets of every TPP on this machine.",
		},
	}
}

// testUsers are the customers whose logins are published.
func testUsers(seed string) []portal.TestUser {
	if seed != "demo" {
		return []portal.TestUser{{
			Login: "berka-2", Password: core.SandboxPassword, Name: "Customers of the PKDD'99 data", About: "“berka-” and the customer's number in the data.",
		}}
	}
	return []portal.TestUser{
		{Login: "alice", Password: core.SandboxPassword, Name: "Alice Harper", About: "A current account, savings, and a share in the household account."},
		{Login: "bob", Password: core.SandboxPassword, Name: "Bob Okafor", About: "A freelancer with a sterling and a euro account."},
		{Login: "carol", Password: core.SandboxPassword, Name: "Carol Lindqvist", About: "A household account, savings and a credit card."},
	}
}

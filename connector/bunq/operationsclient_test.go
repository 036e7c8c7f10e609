package bunq_test

import (
	"time"
)

func (o *operator) issues() {
	o.t.Helper()
	const books = "acc_bob_eur"
	before := o.w.balance(o.t, books)
	id := o.create("issuer-transaction.create", "amount", "7.50", "currency", "EUR", "to", aunt, "name", "Aunt May", "description", "cake",
		"redirect", redirectURI, "expires", o.w.clock.Now().Add(time.Hour).Format(time.RFC3339))
	one := o.object("issuer-transaction.get", "transaction", id)
	uuid, _ := one["public_uuid"].(string)
	if one["status"] != "PENDING" || uuid == "" {
		o.t.Fatalf("issued: %v", one)
	}
	o.w.visit(o.t, o.w.profile.Endpoints.Payments+"?transactionId="+uuid, "bob", true, books)
	for range 2 { // to look at it pays no second time
		if seen := o.object("issuer-transaction.public.get", "uuid", uuid); seen["status"] != "COMPLETED" || idOf(seen) != id {
			o.t.Errorf("by its UUID: %v", seen)
		}
	}
	o.w.grew(o.t, books, before, "-7.50")
}

func (o *operator) permits() {
	o.t.Helper()
	keys := o.rows("credential-password-ip.list")
	if len(keys) != 1 {
		o.t.Fatalf("API keys: %v", keys)
	}
	key := idOf(keys[0])
	if one := o.object("credential-password-ip.get", "credential", key); idOf(one) != key || one["token_value"] != nil {
		o.t.Errorf("API key: %v", one)
	}
	four := o.create("credential-password-ip.ip.add", "credential", key, "ip", "192.0.2.7")
	six := o.create("credential-password-ip.ip.add", "credential", key, "ip", "2001:db8::7", "status", "INACTIVE")
	if id := o.create("credential-password-ip.ip.update", "credential", key, "address", six, "ip", "2001:db8::8", "status", "ACTIVE"); id != six {
		o.t.Errorf("changed %s, not %s", id, six)
	}
	for id, want := range map[string]string{four: "192.0.2.7", six: "2001:db8::8"} {
		if one := o.object("credential-password-ip.ip.get", "credential", key, "address", id); one["ip"] != want || one["status"] != "ACTIVE" {
			o.t.Errorf("address: %v", one)
		}
	}
	if all := o.rows("credential-password-ip.ip.list", "credential", key); len(all) != 3 { // and the device's own
		o.t.Errorf("addresses: %v", all)
	}
}

package modelbank_test

import (
	"context"
	"slices"
	"testing"

	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/standard/obie"
)

func TestPaymentJourneyShowsAmountAndPayee(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
	j := modelbank.PaymentJourney{Journey: b.Journey(), Payments: b.pay}
	ctx := context.Background()
	c, err := b.pay.LodgePayment(ctx, payer(), domestic(obie.DomesticPayment, "12.30"), obie.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := j.Intent(ctx, payer().ClientID, c.ID)
	want := []as.Line{{Label: "Amount", Value: "12.30 GBP"}, {Label: "Payee", Value: "Acme"}, {Label: "Payee's account", Value: "12345612345678"}}
	if err != nil || in.Kind != as.IntentPayments || in.Choose != as.ChooseOne || !slices.Equal(in.Lines, want) {
		t.Errorf("%+v %v", in, err)
	}
	if err := j.Approve(ctx, c.ID, paula, []string{payAccount}); err != nil {
		t.Error(err)
	}
	vrp := b.given(t, sweeping("1.00", limit("Day", "Calendar", "1.00")))
	connected, err := j.Connected(ctx, paula)
	if err != nil || len(connected) != 1 || connected[0].ConsentID != vrp.ID || !connected[0].Active {
		t.Errorf("%+v %v", connected, err)
	}
	if err := j.Disconnect(ctx, paula, vrp.ID); err != nil {
		t.Error(err)
	}
	if connected, err = j.Connected(ctx, paula); err != nil || connected[0].Active {
		t.Errorf("%+v %v", connected, err)
	}
}

package modelbank

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/standard/obie"
)

// acceptFile checks what a file consent announces.
func (p *Payments) acceptFile(c *obie.PaymentConsent, now time.Time) error {
	const path = "Data.Initiation."
	f := c.Instruction.File
	if sum, err := base64.StdEncoding.DecodeString(f.Hash); err != nil || len(sum) != sha256.Size {
		return obie.Breach(obie.CodeFieldInvalid, path+"FileHash", "the hash is the base64 of a SHA-256")
	}
	if f.Count == 0 || f.Count > obie.MaxFilePayments {
		return obie.Breach(obie.CodeFieldInvalid, path+"NumberOfTransactions", fmt.Sprintf("a file holds 1 to %d payments", obie.MaxFilePayments))
	}
	if e := c.Instruction.Execute; !e.IsZero() && !e.After(now) {
		return obie.Breach(obie.CodeFieldInvalid, path+"RequestedExecutionDateTime", "the date lies in the past")
	}
	return nil
}

// UploadFile implements [obie.PaymentBank]. A file that is not the one announced
// changes nothing.
func (p *Payments) UploadFile(ctx context.Context, tpp onepoint.TPP, id, media string, content []byte, key obie.Idempotency) error {
	const op = "upload payment file"
	now := p.instant()
	if _, ok, err := p.repeated(ctx, tpp, key, now); err != nil || ok {
		return err
	}
	c, err := p.PaymentConsent(ctx, tpp, obie.FilePayment, id)
	if err != nil {
		return err
	}
	if c.State != obie.AwaitingUpload {
		return obie.Breach(obie.CodeInvalidConsentStatus, "", "the consent awaits no file")
	}
	if err := announced(c.Instruction.File, media, content); err != nil {
		return err
	}
	// The content is the one whose hash was announced: two uploads write the same.
	if err := p.Store.PutPaymentFile(ctx, id, media, content); err != nil {
		return onepoint.E("", op, "", err)
	}
	_, err = p.Store.ChangePaymentConsent(ctx, id, func(tx PaymentTx, c *obie.PaymentConsent) error {
		if _, again, err := tx.Key(tpp.ClientID, key, now.Add(-keyLife)); err != nil || again {
			return err
		}
		if err := moveConsent(c, obie.AwaitingAuthorisation, now); err != nil {
			return err
		}
		c.FileType = media
		return tx.PutKey(PaymentKey{ClientID: tpp.ClientID, Idempotency: key, Resource: id, Used: now}, now.Add(-keyLife))
	})
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	return nil
}

// announced compares a file with what its consent says of it.
func announced(f *obie.FileAnnounced, media string, content []byte) error {
	const path = "Data.Initiation."
	sum := sha256.Sum256(content)
	if base64.StdEncoding.EncodeToString(sum[:]) != f.Hash {
		return obie.Breach(obie.CodeFieldInvalid, path+"FileHash", "the file is not the one whose hash was announced")
	}
	lines, err := obie.ParsePaymentFile(f.Type, media, content)
	if err != nil {
		return err
	}
	total := new(big.Rat)
	for n, l := range lines {
		if l.Amount.Currency != homeCurrency {
			return obie.Breach(obie.CodeUnsupportedCurrency, fmt.Sprintf("payment %d", n+1), "the bank pays files in pounds")
		}
		v, ok := new(big.Rat).SetString(l.Amount.Decimal())
		if !ok {
			return obie.Breach(obie.CodeFieldInvalid, fmt.Sprintf("payment %d", n+1), "the amount is no amount")
		}
		total.Add(total, v)
	}
	if f.Count >= 0 && f.Count != int64(len(lines)) {
		return obie.Breach(obie.CodeFieldInvalid, path+"NumberOfTransactions", "the file holds another number of payments")
	}
	if want, ok := new(big.Rat).SetString(f.Sum); f.Sum != "" && (!ok || want.Cmp(total) != 0) {
		return obie.Breach(obie.CodeFieldInvalid, path+"ControlSum", "the payments of the file add up to another sum")
	}
	return nil
}

// File implements [obie.PaymentBank].
func (p *Payments) File(ctx context.Context, tpp onepoint.TPP, id string) (string, []byte, error) {
	const op = "read payment file"
	if _, err := p.PaymentConsent(ctx, tpp, obie.FilePayment, id); err != nil {
		return "", nil, err
	}
	media, content, err := p.Store.PaymentFile(ctx, id)
	if err != nil {
		return "", nil, onepoint.E("", op, "the file was not uploaded yet", err)
	}
	return media, content, nil
}

// moveFile makes the payments of a file.
func (p *Payments) moveFile(ctx context.Context, o Order) ([]obie.Execution, error) {
	media, content, err := p.Store.PaymentFile(ctx, o.ConsentID)
	if err != nil {
		return nil, err
	}
	lines, err := obie.ParsePaymentFile(o.Instruction.File.Type, media, content)
	if err != nil {
		return nil, err
	}
	done := make([]obie.Execution, 0, len(lines))
	for n, l := range lines {
		e, err := p.transfer(ctx, o, n+1, core.Transfer{
			Amount: l.Amount, Creditor: l.Creditor, Information: l.Information, Reference: l.Reference, Clearing: clearing(o.Kind, o.Instruction.LocalInstrument),
		})
		if err != nil {
			return nil, err
		}
		done = append(done, e)
	}
	return done, nil
}

// Report implements [obie.PaymentBank]: a table of comma-separated values, one
// line a payment.
func (p *Payments) Report(ctx context.Context, tpp onepoint.TPP, order string) (string, []byte, error) {
	o, err := p.PaymentOrder(ctx, tpp, obie.FilePayment, order)
	if err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"PaymentTransactionId", "Status", "StatusReason", "Amount", "Currency", "StatusUpdateDateTime"}}
	for _, e := range o.Executions {
		rows = append(rows, []string{e.ID, string(e.State), e.Reason, e.Amount.Decimal(), string(e.Amount.Currency), e.At.Format(time.RFC3339)})
	}
	if err := w.WriteAll(rows); err != nil {
		return "", nil, fmt.Errorf("write report: %w", err)
	}
	return "text/csv", []byte(strings.ReplaceAll(b.String(), "\n", "\r\n")), nil
}

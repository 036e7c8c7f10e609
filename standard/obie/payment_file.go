package obie

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
)

// Bounds of a payment file.
const (
	MaxFilePayments = 500     // payments of one file
	maxFile         = 2 << 20 // bytes
	maxXMLDepth     = 32
)

// FilePaymentLine is one payment of a file.
type FilePaymentLine struct {
	Amount      onepoint.Money
	Creditor    onepoint.Counterparty
	Information string
	Reference   string
}

// ParsePaymentFile reads the payments of a file of one of the standard's file
// types: UK.OBIE.PaymentInitiation.3.1 and .4.0 as JSON or as comma-separated
// values, UK.OBIE.pain.001.001.08 as XML. U010 for one that cannot be read, U002
// for a payment that makes no sense, both naming the place.
func ParsePaymentFile(fileType, media string, content []byte) ([]FilePaymentLine, error) {
	if len(content) > maxFile || !utf8.Valid(content) {
		return nil, breach(codeFormat, "", "the file is too large or not UTF-8")
	}
	var lines []FilePaymentLine
	var err error
	switch {
	case fileType == "UK.OBIE.pain.001.001.08" && (media == "application/xml" || media == "text/xml"):
		lines, err = parsePain001(content)
	case strings.HasPrefix(fileType, "UK.OBIE.PaymentInitiation.") && media == "application/json":
		lines, err = parseJSONFile(content)
	case strings.HasPrefix(fileType, "UK.OBIE.PaymentInitiation.") && media == "text/csv":
		lines, err = parseCSVFile(content)
	default:
		return nil, breach(codeHeaderInvalid, "Content-Type", "the file type announced is not sent as this media type")
	}
	if err == nil && (len(lines) == 0 || len(lines) > MaxFilePayments) {
		err = breach(codeFormat, "", fmt.Sprintf("a file holds 1 to %d payments", MaxFilePayments))
	}
	return lines, err
}

// parseJSONFile reads {"Data":{"DomesticPayments":[Initiation…]}}.
func parseJSONFile(content []byte) ([]FilePaymentLine, error) {
	v, err := parseJSON(content)
	if err != nil {
		return nil, breach(codeFormat, "", "the file is not the JSON that is expected")
	}
	kind, _ := kindOf(DomesticPayment)
	payment := either(kind.initiationShape(true), kind.initiationShape(false))
	file := object(must("Data", object(must("DomesticPayments", list(payment, 1, MaxFilePayments)))))
	if err := file.check("", v); err != nil {
		return nil, err
	}
	all, _ := dig(v, "Data", "DomesticPayments").([]any)
	lines := make([]FilePaymentLine, 0, len(all))
	for n, in := range all {
		i, err := kind.instructionOf(in)
		if err != nil {
			return nil, breach(codeInvalid, fmt.Sprintf("Data.DomesticPayments[%d]", n), "the payment makes no sense")
		}
		lines = append(lines, FilePaymentLine{i.Amount, i.Creditor, i.Information, i.Reference})
	}
	return lines, nil
}

// parseCSVFile reads a table with the names of its columns in the first line:
// Amount, Currency, SchemeName, Identification and Name are needed, Unstructured
// and Reference may be there, others are not read.
func parseCSVFile(content []byte) ([]FilePaymentLine, error) {
	r := csv.NewReader(bytes.NewReader(content))
	head, err := r.Read()
	if err != nil {
		return nil, breach(codeFormat, "", "the file has no first line with the names of its columns")
	}
	column := func(row []string, name string) string {
		if i := slices.Index(head, name); i >= 0 {
			return row[i]
		}
		return ""
	}
	for _, name := range []string{"Amount", "Currency", "SchemeName", "Identification", "Name"} {
		if !slices.Contains(head, name) {
			return nil, breach(codeFormat, name, "the file lacks a column")
		}
	}
	var lines []FilePaymentLine
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		where := fmt.Sprintf("line %d", len(lines)+2)
		if err != nil || len(lines) == MaxFilePayments {
			return nil, breach(codeFormat, where, "the line is malformed, or one too many")
		}
		l := FilePaymentLine{Information: column(row, "Unstructured"), Reference: column(row, "Reference")}
		l.Creditor = onepoint.Counterparty{Name: column(row, "Name"), Identifier: onepoint.Identifier{
			Scheme: fromWire(schemes(), column(row, "SchemeName"), onepoint.SchemeOther), Value: column(row, "Identification"),
		}}
		if l.Amount, err = moneyOf(column(row, "Amount"), column(row, "Currency"), where); err != nil {
			return nil, err
		}
		if err := l.check(where); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
}

func (l FilePaymentLine) check(where string) error {
	id := l.Creditor.Identifier
	if id.Value == "" || len(id.Value) > 256 || id.Scheme == onepoint.SchemeOther || l.Creditor.Name == "" || len(l.Creditor.Name) > 350 ||
		len(l.Information) > 140 || len(l.Reference) > 35 {
		return invalid(where, "the creditor or the text of the payment is missing or too long")
	}
	return nil
}

// pain001 is what is read of pain.001.001.08 (ISO 20022 Customer Credit Transfer
// Initiation).
type pain001 struct {
	XMLName xml.Name `xml:"urn:iso:std:iso:20022:tech:xsd:pain.001.001.08 Document"`
	Groups  []struct {
		Transfers []painTransfer `xml:"CdtTrfTxInf"`
	} `xml:"CstmrCdtTrfInitn>PmtInf"`
}

type painTransfer struct {
	Amount struct {
		Currency string `xml:"Ccy,attr"`
		Text     string `xml:",chardata"`
	} `xml:"Amt>InstdAmt"`
	Name      string `xml:"Cdtr>Nm"`
	IBAN      string `xml:"CdtrAcct>Id>IBAN"`
	Other     string `xml:"CdtrAcct>Id>Othr>Id"`
	Text      string `xml:"RmtInf>Ustrd"`
	Reference string `xml:"RmtInf>Strd>CdtrRefInf>Ref"`
}

// parsePain001 reads the XML. It has no document type: nothing is fetched and no
// entity is expanded.
func parsePain001(content []byte) ([]FilePaymentLine, error) {
	bad := func() error { return breach(codeFormat, "", "the file is no pain.001.001.08 that can be read") }
	if err := plainXML(content); err != nil {
		return nil, bad()
	}
	var doc pain001
	if err := xml.Unmarshal(content, &doc); err != nil {
		return nil, bad()
	}
	var lines []FilePaymentLine
	for _, g := range doc.Groups {
		for _, t := range g.Transfers {
			where := fmt.Sprintf("CdtTrfTxInf[%d]", len(lines))
			if len(lines) == MaxFilePayments {
				return nil, breach(codeFormat, where, "one payment too many")
			}
			l := FilePaymentLine{Information: t.Text, Reference: t.Reference}
			l.Creditor = onepoint.Counterparty{Name: t.Name, Identifier: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: t.IBAN}}
			if t.IBAN == "" { // a British account: sort code and number
				l.Creditor.Identifier = onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: t.Other}
			}
			var err error
			if l.Amount, err = moneyOf(strings.TrimSpace(t.Amount.Text), t.Amount.Currency, where); err != nil {
				return nil, err
			}
			if err := l.check(where); err != nil {
				return nil, err
			}
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// plainXML refuses document types and deep nesting before anything is built.
func plainXML(content []byte) error {
	d := xml.NewDecoder(bytes.NewReader(content))
	for depth := 0; ; {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.Directive:
			return errors.New("a document type")
		case xml.StartElement:
			if depth++; depth > maxXMLDepth {
				return errors.New("nested too deep")
			}
		case xml.EndElement:
			depth--
		}
	}
}

package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

type certsCmd struct {
	List    certsListCmd    `cmd:"" help:"List keys and certificates."`
	Show    certsShowCmd    `cmd:"" help:"Show one certificate, and ask whether it was revoked."`
	Import  certsImportCmd  `cmd:"" help:"Keep a private key made elsewhere, and its certificates."`
	Request certsRequestCmd `cmd:"" help:"Make a key and a certificate request to send to an issuer."`
	Install certsInstallCmd `cmd:"" help:"Keep the certificates that the issuer sent for a key."`
	Issue   certsIssueCmd   `cmd:"" help:"Make a key and have the local test issuer certify it."`
	Use     certsUseCmd     `cmd:"" help:"Move the registration at a bank to other certificates."`
	Delete  certsDeleteCmd  `cmd:"" help:"Delete a key and its certificates that no bank uses."`
}

func certificatePath(name string) string { return "/certificates/" + url.PathEscape(name) }

type certsListCmd struct{ jsonFlag }

// Run lists certificates.
func (l *certsListCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, "/certificates", url.Values{}, 0)
	if err != nil {
		return err
	}
	titles := []string{"NAME", "KIND", "ALGORITHM", "ORGANISATION", "ROLES", "UNTIL", ">DAYS", "USED BY", "NOTE"}
	return show(c, l.JSON, items, "No keys. Make one with `onepoint certs request` or `onepoint certs issue`.", titles, func(t *table, one api.Certificate) {
		days := "-"
		if one.DaysLeft != nil {
			days = strconv.Itoa(*one.DaysLeft)
		}
		t.add(one.Name, one.Kind, one.Algorithm, orDash(one.OrganizationIdentifier), orDash(strings.Join(one.Roles, " ")), day(one.NotAfter), days,
			orDash(strings.Join(one.UsedBy, ", ")), shorten(strings.Join(one.Warnings, "; "), 80))
	})
}

type certsShowCmd struct {
	jsonFlag
	Name string `arg:"" help:"Name of the certificate."`
}

// Run shows one certificate.
func (s *certsShowCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	var one api.Certificate
	if err := cl.call(c.Ctx, http.MethodGet, certificatePath(s.Name), nil, &one); err != nil {
		return err
	}
	return showCertificate(c, s.JSON, one)
}

func showCertificate(c *cliContext, asJSON bool, one api.Certificate) error {
	if asJSON {
		return printJSON(c.Out, one)
	}
	for _, line := range [][2]string{
		{"name", one.Name},
		{"kind", one.Kind},
		{"algorithm", one.Algorithm},
		{"subject", one.Subject},
		{"organisation", one.OrganizationIdentifier},
		{"roles", strings.Join(one.Roles, " ")},
		{"authority", strings.TrimSpace(one.NCAID + " " + one.NCAName)},
		{"issuer", one.Issuer},
		{"serial", one.Serial},
		{"from", minute(one.NotBefore)},
		{"until", minute(one.NotAfter)},
		{"key usage", strings.Join(one.KeyUsage, ", ")},
		{"extended", strings.Join(one.ExtendedKeyUsage, ", ")},
		{"SHA-256", one.Fingerprint},
		{"chain", strings.Join(one.Chain, " ← ")},
		{"revocation", strings.ReplaceAll(one.Revocation, "_", " ")},
		{"used by", strings.Join(one.UsedBy, ", ")},
	} {
		if line[1] != "" && line[1] != "-" {
			fmt.Fprintf(c.Out, "%-13s %s\n", line[0], printable(line[1]))
		}
	}
	for _, w := range one.Warnings {
		fmt.Fprintf(c.Out, "%-13s %s\n", "WARNING", printable(w))
	}
	return nil
}

type certsImportCmd struct {
	jsonFlag
	Name         string `arg:"" help:"Name to keep it under: lower-case letters, digits, dots and dashes."`
	PEM          string `name:"pem" help:"PEM file with the private key, not encrypted, and its certificates; - is standard input." placeholder:"FILE" xor:"file" required:""`
	PKCS12       string `name:"pkcs12" help:"PKCS#12 file, instead of PEM." placeholder:"FILE" xor:"file" required:""`
	PasswordFile string `help:"File with the password of the PKCS#12 file; else it is taken from ONEPOINT_PKCS12_PASSWORD." placeholder:"FILE"`
}

// passwordVariable is where the password comes from when no file is given: never
// from the command line, which other users of the machine can see.
const passwordVariable = "ONEPOINT_PKCS12_PASSWORD"

// Run imports a key.
func (i *certsImportCmd) Run(c *cliContext) error {
	in := map[string]string{"name": i.Name}
	if i.PEM != "" {
		content, err := readInput("import", "--pem", i.PEM)
		if err != nil {
			return err
		}
		in["pem"] = string(content)
	} else {
		content, err := readInput("import", "--pkcs12", i.PKCS12)
		if err != nil {
			return err
		}
		in["pkcs12"] = base64.StdEncoding.EncodeToString(content)
		if in["password"], err = i.password(); err != nil {
			return err
		}
	}
	return askForCertificate(c, i.JSON, http.MethodPost, "/certificates/import", in)
}

func (i *certsImportCmd) password() (string, error) {
	if i.PasswordFile == "" {
		return os.Getenv(passwordVariable), nil
	}
	content, err := readInput("import", "--password-file", i.PasswordFile)
	return strings.TrimRight(string(content), "\r\n"), err
}

func askForCertificate(c *cliContext, asJSON bool, method, path string, in any) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	var one api.Certificate
	if err := cl.call(c.Ctx, method, path, in, &one); err != nil {
		return err
	}
	return showCertificate(c, asJSON, one)
}

// maxInput bounds a file that goes to the platform.
const maxInput = 512 << 10

func readInput(op, flag, file string) ([]byte, error) {
	var content []byte
	var err error
	if file == "-" {
		content, err = io.ReadAll(io.LimitReader(os.Stdin, maxInput+1))
	} else {
		content, err = os.ReadFile(file)
	}
	switch {
	case err != nil:
		return nil, onepoint.Missing(op, flag, "cannot be read: "+err.Error())
	case len(content) > maxInput:
		return nil, onepoint.Missing(op, flag, "is longer than 512 kB")
	}
	return content, nil
}

type certsInstallCmd struct {
	jsonFlag
	Name string `arg:"" help:"Name of the key."`
	PEM  string `arg:"" name:"file" help:"PEM file with the certificates, leaf first; - is standard input."`
}

// Run installs a chain.
func (i *certsInstallCmd) Run(c *cliContext) error {
	content, err := readInput("install", "FILE", i.PEM)
	if err != nil {
		return err
	}
	return askForCertificate(c, i.JSON, http.MethodPut, certificatePath(i.Name)+"/chain", map[string]string{"pem": string(content)})
}

type certsUseCmd struct {
	jsonFlag
	Bank      string `arg:"" help:"The bank's id."`
	Transport string `help:"Name of the QWAC that opens TLS; the present one when absent." placeholder:"NAME"`
	Seal      string `help:"Name of the QSEAL that signs; the present one when absent." placeholder:"NAME"`
}

// moveWait is how long a move may take: the bank must learn the new keys first.
const moveWait = 4 * time.Minute

// Run moves a bank to other certificates.
func (u *certsUseCmd) Run(c *cliContext) error {
	if u.Transport == "" && u.Seal == "" {
		return onepoint.Missing("use certificates", "--transport", "or --seal is needed")
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	if !u.JSON {
		fmt.Fprintln(c.Out, "the bank learns of the certificates; this takes some seconds")
	}
	var move api.CertificateMove
	in := map[string]string{"transport": u.Transport, "seal": u.Seal}
	if err := cl.callWithin(c.Ctx, moveWait, http.MethodPost, "/registrations/"+url.PathEscape(u.Bank)+"/certificates", in, &move); err != nil {
		return err
	}
	if u.JSON {
		return printJSON(c.Out, move)
	}
	fmt.Fprintf(c.Out, "%s uses %s and %s; access of %d connections renewed\n", move.Bank, move.Transport, move.Seal, move.Connections)
	for _, left := range move.Left {
		fmt.Fprintf(c.Out, "  %s\n", left)
	}
	return nil
}

type certsDeleteCmd struct {
	Name string `arg:"" help:"Name of the key."`
	Yes  bool   `help:"Do it without asking: a private key cannot be had again."`
}

// Run deletes a key.
func (d *certsDeleteCmd) Run(c *cliContext) error {
	if !d.Yes {
		return onepoint.Missing("delete", "--yes", "is needed: a private key cannot be had again")
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	if err := cl.call(c.Ctx, http.MethodDelete, certificatePath(d.Name), nil, nil); err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "%s deleted\n", d.Name)
	return nil
}

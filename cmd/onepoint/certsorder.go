package main

import (
	"fmt"
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

// certificateOrder is which certificate is wanted, in flags.
type certificateOrder struct {
	jsonFlag
	Name         string   `arg:"" help:"Name of the key: lower-case letters, digits, dots and dashes."`
	Type         string   `help:"qwac opens TLS, qseal signs." enum:"qwac,qseal" required:""`
	Profile      string   `help:"psd2, or ob for Open Banking UK's OBWAC and OBSEAL." enum:"psd2,ob" default:"psd2"`
	Algorithm    string   `help:"RSA-2048 or ECDSA-P-256." enum:"RSA-2048,ECDSA-P-256" default:"RSA-2048"`
	Organisation string   `help:"Legal name." default:"${organisation}"`
	OrgID        string   `name:"org-id" help:"organizationIdentifier." default:"${org_id}"`
	Country      string   `help:"Country of the organisation; that of its identifier when absent." placeholder:"GB"`
	CommonName   string   `help:"Common name; for the profile ob the organisation's id in the directory." placeholder:"NAME"`
	Roles        []string `help:"PSP_AI, PSP_PI, PSP_IC, PSP_AS; by commas." default:"PSP_AI"`
	DNS          []string `name:"dns" help:"Host names of a QWAC, by commas." placeholder:"HOST"`
}

func (o certificateOrder) body() api.CertificateOrder {
	return api.CertificateOrder{
		Name: o.Name, Type: o.Type, Profile: o.Profile, Algorithm: o.Algorithm, Organisation: o.Organisation, OrganizationIdentifier: o.OrgID,
		Country: o.Country, CommonName: o.CommonName, Roles: o.Roles, DNSNames: o.DNS,
	}
}

type certsRequestCmd struct {
	certificateOrder
	Output string `help:"File to write the request to; - is standard output." short:"o" default:"-" placeholder:"FILE"`
}

// Run makes a request.
func (r *certsRequestCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	var made api.CertificateRequest
	if err := cl.call(c.Ctx, http.MethodPost, "/certificates/request", r.body(), &made); err != nil {
		return err
	}
	if r.Output != "-" {
		if err := writeFile(r.Output, []byte(made.CSR), 0o644); err != nil {
			return onepoint.Missing("request certificate", "--output", "cannot be written: "+err.Error())
		}
	}
	switch {
	case r.JSON:
		return printJSON(c.Out, made)
	case r.Output == "-":
		fmt.Fprint(c.Out, made.CSR)
	default:
		fmt.Fprintf(c.Out, "request in %s; install the answer with: onepoint certs install %s FILE\n", r.Output, r.Name)
	}
	return nil
}

type certsIssueCmd struct{ certificateOrder }

// Run issues a certificate.
func (i *certsIssueCmd) Run(c *cliContext) error {
	return askForCertificate(c, i.JSON, http.MethodPost, "/certificates/issue", i.body())
}

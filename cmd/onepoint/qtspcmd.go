package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/onepointledger/onepoint"
)

type qtspCmd struct {
	Revoke qtspRevokeCmd `cmd:"" help:"Revoke a certificate that the local test QTSP issued; banks on this machine refuse it at once."`
}

type qtspRevokeCmd struct {
	Serial string `arg:"" optional:"" help:"The certificate's serial number, in hexadecimal."`
	Name   string `help:"The platform's key whose certificate it is: qwac, qseal." placeholder:"NAME"`
	Reason int    `help:"CRLReason of RFC 5280: 0 unspecified, 1 key compromised, 4 superseded, 5 no longer used." default:"0"`
}

// Run revokes over the QTSP's own address, which only the platform on this
// machine has.
func (r *qtspRevokeCmd) Run(c *cliContext) error {
	const op = "revoke certificate"
	local, err := readLocalAccess(c.Data)
	if err != nil || local.QTSP == "" {
		return onepoint.E(onepoint.CodeUnavailable, op, "no test QTSP is running on "+c.Data+"; start one with `onepoint up`", err)
	}
	cl := &client{server: local.QTSP, token: local.Token, http: &http.Client{Timeout: clientLimit}}
	resp, err := cl.post(c.Ctx, "/revocations", revokeRequest{Serial: r.Serial, Name: r.Name, Reason: r.Reason})
	if err != nil {
		return onepoint.E(onepoint.CodeUnavailable, op, "the test QTSP at "+local.QTSP+" does not answer; is `onepoint up` running?", err)
	}
	defer resp.Body.Close()
	var answer struct{ Serial, Code, Message string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, op, "the test QTSP's answer is not what this version expects", err)
	}
	if answer.Code != "" {
		return onepoint.E(onepoint.Code(answer.Code), op, answer.Message, nil)
	}
	fmt.Fprintf(c.Out, "certificate %s revoked\n", answer.Serial)
	return nil
}

// post sends JSON to an address that is none of the API.
func (c *client) post(ctx context.Context, path string, in any) (*http.Response, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server+path, bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	return c.http.Do(req)
}

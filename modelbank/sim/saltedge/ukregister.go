package saltedge

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// ukRegistered is the answer to a registration.
type ukRegistered struct {
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	IssuedAt      int64  `json:"client_id_issued_at"`
	SecretExpires int64  `json:"client_secret_expires_at"` // 0: never
	ukMetadata
}

// ukRegister registers a software. The same software of the same organisation
// is the same client however often it comes.
func (s *Server) ukRegister(r *http.Request, body []byte) (any, error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/jwt" {
		return nil, wrongFormat("Content-Type must be application/jwt")
	}
	token := strings.TrimSpace(string(body))
	req, err := decodeRequest(token)
	if err != nil {
		return nil, err
	}
	statement, err := s.checked(r.Context(), token, &req)
	if err != nil {
		return nil, err
	}
	c, err := s.keepClient(r.Context(), ukClient{
		SoftwareID: req.Issuer, Organisation: statement.OrgID, Name: statement.SoftwareName, Secret: sim.Random(),
		Issued: s.Now().UTC(), Roles: statement.Roles, JWKS: statement.JWKSEndpoint, Metadata: req.ukMetadata,
	})
	if err != nil {
		return nil, err
	}
	s.Log.InfoContext(r.Context(), "saltedge software registered", "software", c.SoftwareID, "organisation", c.Organisation)
	return ukRegistered{ClientID: c.SoftwareID, ClientSecret: c.Secret, IssuedAt: c.Issued.Unix(), ukMetadata: c.Metadata}, nil
}

// checked applies the rules. Without Strict only the form counts: the sample in
// the service's own documentation breaks most of its rules, and nobody can
// verify its signatures.
func (s *Server) checked(ctx context.Context, token string, req *ukRequest) (fapi.SoftwareStatement, error) {
	var statement fapi.SoftwareStatement
	if !s.Strict {
		if err := fapi.DecodeUnverified(req.Statement, &statement); err != nil {
			return statement, wrongValue("software_statement is no JWT: %s", clipped(err))
		}
		return statement, nil
	}
	if err := req.checkValues(s.Now(), s.Audiences); err != nil {
		return statement, err
	}
	statement, err := s.statement(ctx, req.Statement)
	if err != nil {
		return statement, err
	}
	var again ukRequest
	err = s.verifyBy(ctx, statement.JWKSEndpoint, token, fapi.Check{Now: s.Now(), Algs: ukAlgs()}, &again)
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeSignatureInvalid:
		return statement, accessDenied("the request is not signed with a key of the software: %s", onepoint.MessageOf(err))
	case onepoint.CodeInvalid:
		return statement, wrongValue("%s", onepoint.MessageOf(err))
	default:
		return statement, err
	}
	return statement, req.checkStatement(statement, s.redirectAllowed)
}

// statement verifies a software statement with its directory's keys.
func (s *Server) statement(ctx context.Context, token string) (fapi.SoftwareStatement, error) {
	var st fapi.SoftwareStatement
	if err := fapi.DecodeUnverified(token, &st); err != nil {
		return st, wrongValue("software_statement is no JWT: %s", clipped(err))
	}
	at := slices.IndexFunc(s.StatementIssuers, func(i StatementIssuer) bool { return i.Issuer == st.Issuer })
	if at < 0 {
		return st, notFound("the issuer of the software_statement was not found")
	}
	for name, value := range map[string]string{
		"software_id": st.SoftwareID, "org_id": st.OrgID, "software_jwks_endpoint": st.JWKSEndpoint, "software_redirect_uris": strings.Join(st.RedirectURIs, " "),
	} {
		if value == "" {
			return st, wrongFields("software_statement: %s is missing", name)
		}
	}
	issuer := s.StatementIssuers[at]
	err := s.verifyBy(ctx, issuer.JWKSURL, token, fapi.Check{Issuer: issuer.Issuer, Now: s.Now(), Algs: ukAlgs()}, &st)
	switch code := onepoint.CodeOf(err); {
	case code == onepoint.CodeSignatureInvalid || code == onepoint.CodeInvalid:
		return st, wrongValue("software_statement: %s", onepoint.MessageOf(err))
	case err != nil:
		return st, err
	case st.OrgStatus != "" && st.OrgStatus != "Active":
		return st, accessDenied("software_statement: the organisation is %s", st.OrgStatus)
	case !sameHost(st.JWKSEndpoint, issuer.JWKSURL): // the statement must not send us anywhere
		return st, wrongValue("software_statement: its keys are not published by the directory")
	}
	return st, nil
}

func sameHost(a, b string) bool {
	u, err1 := url.Parse(a)
	v, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && u.Scheme == "https" && u.Scheme == v.Scheme && u.Host == v.Host && u.User == nil
}

// verifyBy verifies a JWT with published keys, fetched again when they may have
// changed.
func (s *Server) verifyBy(ctx context.Context, jwks, token string, c fapi.Check, claims any) error {
	keys, err := s.keys.Keys(ctx, jwks)
	if err != nil {
		return err
	}
	err = fapi.VerifyJWT(token, keys, c, claims)
	if onepoint.CodeOf(err) == onepoint.CodeSignatureInvalid {
		if keys, fresh := s.keys.Fresh(ctx, jwks); fresh == nil {
			return fapi.VerifyJWT(token, keys, c, claims)
		}
	}
	return err
}

// keepClient stores a client, or finds the one that is there.
func (s *Server) keepClient(ctx context.Context, c ukClient) (ukClient, error) {
	err := s.clients.Add(ctx, c.SoftwareID, c.Organisation, c)
	if onepoint.CodeOf(err) != onepoint.CodeConflict {
		return c, err
	}
	return s.clients.Update(ctx, c.SoftwareID, func(have *ukClient) error {
		if have.Organisation != c.Organisation {
			return accessDenied("the software is registered by another organisation")
		}
		have.Metadata, have.Roles, have.JWKS, have.Name = c.Metadata, c.Roles, c.JWKS, c.Name
		return nil
	})
}

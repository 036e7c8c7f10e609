package obie

import (
	"encoding/json"
	"net/http"
	"strings"
)

// putVRPConsent is PUT of a consent: the form of the new version for what was
// lodged with the old one (v4.0, migration of consents).
func (s *PaymentServer) putVRPConsent(x *exchange) (reply, error) {
	return s.migrate(x, func(PaymentConsent) (any, error) { return x.doc, nil })
}

// patchVRPConsent is PATCH: a JSON patch (RFC 6902) of the consent's body.
func (s *PaymentServer) patchVRPConsent(x *exchange) (reply, error) {
	patch, err := parseJSON(x.raw)
	steps, isList := patch.([]any)
	if err != nil || !isList {
		return reply{}, breach(codeFormat, "", "the body is not the list of patch operations that is expected")
	}
	return s.migrate(x, func(c PaymentConsent) (any, error) {
		data := map[string]any{"Initiation": c.Initiation, "ControlParameters": c.Control}
		put(data, "ReadRefundAccount", c.ReadRefund)
		raw, err := json.Marshal(map[string]any{"Data": data, "Risk": c.Risk})
		if err != nil {
			return nil, err
		}
		doc, err := parseJSON(raw)
		if err != nil {
			return nil, err
		}
		for _, step := range steps {
			if err := patchStep(doc, step); err != nil {
				return nil, err
			}
		}
		return doc, nil
	})
}

// migrate replaces the form of a consent of an older version. One that has the
// new form already cannot be migrated (U029).
func (s *PaymentServer) migrate(x *exchange, form func(PaymentConsent) (any, error)) (reply, error) {
	table := vrpConsentShape(true)
	c, err := s.Bank.Migrate(x.Context(), x.tpp, x.PathValue("consent"), func(c PaymentConsent) (PaymentConsent, error) {
		doc, err := form(c)
		if err != nil {
			return c, err
		}
		if err := table.check("", doc); err != nil {
			return c, err
		}
		next, err := vrpConsent(x.version, doc)
		unchanged := SameJSON(c.Initiation, next.Initiation) && SameJSON(c.Control, next.Control) && SameJSON(c.Risk, next.Risk)
		if err == nil && c.Version == x.version.name && !unchanged {
			err = breach(CodeAlreadyExists, "", "the consent has the form of this version already")
		}
		return next, err
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: s.vrpConsentBody(x.version, c, x.self)}, nil
}

// patchStep does one operation on an object's member: add, replace, remove or
// test. Arrays are replaced as a whole.
func patchStep(doc, step any) error {
	path := textAt(step, "path")
	bad := func(msg string) error { return invalid(clipPath(path), msg) }
	names := strings.Split(path, "/")
	if len(names) < 2 || names[0] != "" {
		return bad("the path of a patch operation begins with a slash")
	}
	for i := range names {
		names[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(names[i])
	}
	parent, ok := dig(doc, names[1:len(names)-1]...).(map[string]any)
	if !ok {
		return bad("there is no object at this path")
	}
	name := names[len(names)-1]
	old, there := parent[name]
	value := dig(step, "value")
	switch op := textAt(step, "op"); {
	case op == "add" && value != nil, op == "replace" && there && value != nil:
		parent[name] = value
	case op == "remove" && there:
		delete(parent, name)
	case op == "test" && there && same(old, value):
	default:
		return bad("the patch operation cannot be done")
	}
	return nil
}

// Package obie is UK Open Banking: the wire types of the Read/Write API, the
// codec between them and the domain, the error table, and the two mirrors around
// them: [Client], a onepoint.Connector over HTTP, and [Server], an http.Handler
// over a onepoint.ASPSP.
//
// Account information is spoken whole, in versions 3.1.11 and 4.0; [version] is
// the switch between them: words, error bodies, and which consents a version may
// use. A wire fix is made once and serves both sides. Because a mirror cannot see
// its own flaw, goldens come from the published specification, and every answer
// of a journey is held against the published OpenAPI files when they are there.
//
// Where the standard leaves a choice: a consent asked through 4.0 is 403 on 3.1;
// an expired consent is still Authorised to 3.1, which has no word for it; an
// answer whose status has no body in the published files has none; pages lead
// both ways, and Last is told on the last page only, because lists are read by
// cursor; a statement is a PDF, or text for who asks for it.
package obie

// Package obie is UK Open Banking: the wire types of the Read/Write API, the
// codec between them and the domain, the error table, and the two mirrors around
// them: [Client], a onepoint.Connector over HTTP, and [Server], an http.Handler
// over a onepoint.ASPSP.
//
// Version 4.0 account information is spoken here; [version] is the switch that
// v3.1.11 joins. A wire fix is made once and serves both sides. Because a mirror
// cannot see its own flaw, goldens come from the published specification.
package obie

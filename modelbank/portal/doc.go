// Package portal is the bank's own website: for its customers, who see their
// accounts and end what they allowed; for developers, who learn how to connect;
// and for the bank's operators. It is a package of its own because it is the one
// part of the bank that speaks to people and to nobody's software: it has
// sessions and pages, and no API.
package portal

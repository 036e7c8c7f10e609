// Package web is the React app, embedded in the binary. Its sources are in src;
// `make web` builds them into dist, from where they are served.
package web

// Package profiles holds one small data file per bank that a standard covers,
// and reads and checks them. Adding such a bank is adding a file.
package profiles

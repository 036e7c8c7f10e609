// Package recipe holds the onboarding recipes: ordered, named, repeatable steps
// that make a TPP a client of a bank. Which recipe a bank follows is its
// driver's choice; what differs between banks of one recipe is in the profile.
package recipe

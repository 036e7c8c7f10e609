package onepoint

// ValidIBAN checks form and check digits (ISO 13616: the number modulo 97 is 1).
func ValidIBAN(s string) bool {
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	rest := 0
	for i, r := range s[4:] + s[:4] {
		place := i - (len(s) - 4) // 0 and 1 are the country, 2 and 3 the check digits; negative before them
		switch {
		case r >= '0' && r <= '9' && (place < 0 || place > 1):
			rest = (rest*10 + int(r-'0')) % 97
		case r >= 'A' && r <= 'Z' && place < 2:
			rest = (rest*100 + int(r-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}

package as

import (
	"testing"
	"time"
)

// The vectors of RFC 6238 appendix B for SHA-1, with eight digits.
func TestCodesAgreeWithTheVectorsOfRFC6238(t *testing.T) {
	key := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := hotp(key, stepOf(time.Unix(at, 0)), 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

// The vectors of RFC 4226 appendix D.
func TestCodesAgreeWithTheVectorsOfRFC4226(t *testing.T) {
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp([]byte("12345678901234567890"), int64(i), 6); got != want {
			t.Errorf("counter %d: %s, want %s", i, got, want)
		}
	}
}

func TestSecretsThatAreNoneAreRefused(t *testing.T) {
	for _, secret := range []string{"", "GEZDGNBV", "not base32!", "01890189018901890189018901890189"} {
		if code, err := Code(secret, time.Unix(59, 0)); err == nil {
			t.Errorf("%q gave %s", secret, code)
		}
	}
	for _, spelled := range []string{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ===="} {
		if code, err := Code(spelled, time.Unix(59, 0)); err != nil || code != "287082" {
			t.Errorf("%q gave %s, %v", spelled, code, err)
		}
	}
}

package core

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// maxCursor is longer than any cursor made here.
const maxCursor = 64

// cursorAfter is the place after e, opaque to readers.
func cursorAfter(e Entry) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", e.BookedAt.UnixMicro(), e.Seq))
}

// parseCursor reads what cursorAfter writes; "" is the beginning.
func parseCursor(s string) (Place, error) {
	if s == "" {
		return Place{}, nil
	}
	invalid := onepoint.Missing("read statement", "cursor", "must be one that the bank gave with a former page")
	if len(s) > maxCursor {
		return Place{}, invalid
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Place{}, invalid
	}
	at, seq, ok := strings.Cut(string(b), ".")
	micros, errAt := strconv.ParseInt(at, 10, 64)
	n, errSeq := strconv.ParseInt(seq, 10, 64)
	if !ok || errAt != nil || errSeq != nil || n < 1 {
		return Place{}, invalid
	}
	return Place{BookedAt: time.UnixMicro(micros).UTC(), Seq: n}, nil
}

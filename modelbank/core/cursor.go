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

// backMark begins a cursor that leads to newer entries.
const backMark = "<"

// cursorAfter is the place after e, opaque to readers.
func cursorAfter(e Entry) string { return cursor("", e) }

// cursorBefore leads back to the entries newer than e.
func cursorBefore(e Entry) string { return cursor(backMark, e) }

func cursor(mark string, e Entry) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s%d.%d", mark, e.BookedAt.UnixMicro(), e.Seq))
}

// parseCursor reads what cursorAfter and cursorBefore write; "" is the beginning.
func parseCursor(s string) (p Place, back bool, err error) {
	if s == "" {
		return Place{}, false, nil
	}
	invalid := onepoint.Missing("read statement", "cursor", "must be one that the bank gave with a former page")
	if len(s) > maxCursor {
		return Place{}, false, invalid
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Place{}, false, invalid
	}
	text, back := strings.CutPrefix(string(b), backMark)
	at, seq, ok := strings.Cut(text, ".")
	micros, errAt := strconv.ParseInt(at, 10, 64)
	n, errSeq := strconv.ParseInt(seq, 10, 64)
	if !ok || errAt != nil || errSeq != nil || n < 1 {
		return Place{}, false, invalid
	}
	return Place{BookedAt: time.UnixMicro(micros).UTC(), Seq: n}, back, nil
}

package core

import (
	"bytes"
	"testing"
	"testing/fstest"
	"time"

	"github.com/onepointledger/onepoint"
)

// Whatever a row holds, it is refused by file and line, or it is a transaction
// that balances.
func FuzzBerkaTransactionRow(f *testing.F) {
	f.Add(`695247;2378;930101;"PRIJEM";"VKLAD";700.00;700.00;"";;`)
	f.Add(`57433;192;930108;"VYDAJ";"PREVOD NA UCET";300.00;-300.50;"SIPO";"YZ";"30300313"`)
	f.Add(`1;2;930226;"VYBER";"";1e9;1;" ";"";"0"`)
	f.Add("\"\n;;;\";;;;;;;;;")
	f.Fuzz(func(t *testing.T, row string) {
		dir := fstest.MapFS{"trans.asc": {Data: []byte("header\n" + row)}}
		rows, err := readBerka(dir, "trans.asc", 10, parseBerkaTransaction)
		if err != nil {
			if onepoint.CodeOf(err) != onepoint.CodeInvalid || !bytes.Contains([]byte(err.Error()), []byte("trans.asc, line ")) {
				t.Fatalf("error does not name the place: %v", err)
			}
			return
		}
		for _, r := range rows {
			if err := r.movement(time.Unix(0, 0)).validate(); err != nil {
				t.Fatalf("row gives a movement that does not balance: %v", err)
			}
		}
	})
}

// A cursor is refused or stands for one place that writes itself the same way
// when read again.
func FuzzCursor(f *testing.F) {
	f.Add(cursorAfter(Entry{BookedAt: time.Unix(1_700_000_000, 0), Seq: 7}))
	f.Add(cursorBefore(Entry{BookedAt: time.Unix(1_700_000_000, 0), Seq: 7}))
	f.Add("MS4x")
	f.Fuzz(func(t *testing.T, s string) {
		p, _, err := parseCursor(s)
		if err != nil {
			if onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Fatalf("wrong code: %v", err)
			}
			return
		}
		if p == (Place{}) {
			return
		}
		again, _, err := parseCursor(cursorAfter(Entry{BookedAt: p.BookedAt, Seq: p.Seq}))
		if err != nil || !again.BookedAt.Equal(p.BookedAt) || again.Seq != p.Seq {
			t.Fatalf("%+v became %+v, %v", p, again, err)
		}
	})
}

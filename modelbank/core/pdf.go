package core

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	pdfLines = 58 // of a page
)

// pdf sets lines of text on A4 pages, in a font that every reader has (ISO 32000-1,
// 9.6.2.2). Characters outside Windows-1252 become question marks.
func pdf(title string, lines []string) []byte {
	var pages [][]string
	for len(lines) > pdfLines {
		pages, lines = append(pages, lines[:pdfLines]), lines[pdfLines:]
	}
	pages = append(pages, lines)
	w := &pdfWriter{}
	w.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	const fixed = 4 // catalogue, page tree, font, information
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", fixed+1+2*i)
	}
	w.object("<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>")
	w.object(fmt.Sprintf("<< /Type /Pages /Kids [ %s] /Count %d >>", kids.String(), len(pages)))
	w.object("<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>")
	w.object("<< /Title " + pdfText(title) + " /Producer (One Point Ledger) >>")
	for i, page := range pages {
		w.object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", fixed+2+2*i))
		var text strings.Builder
		text.WriteString("BT /F1 9 Tf 12.5 TL 48 784 Td\n")
		for _, line := range page {
			text.WriteString(pdfText(line) + " Tj T*\n")
		}
		text.WriteString("ET")
		w.object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()))
	}
	w.finish()
	return w.Bytes()
}

// pdfWriter numbers objects and remembers where they begin.
type pdfWriter struct {
	bytes.Buffer
	offsets []int
}

func (w *pdfWriter) object(body string) {
	w.offsets = append(w.offsets, w.Len())
	fmt.Fprintf(w, "%d 0 obj\n%s\nendobj\n", len(w.offsets), body)
}

func (w *pdfWriter) finish() {
	start := w.Len()
	fmt.Fprintf(w, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, o := range w.offsets {
		fmt.Fprintf(w, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(w, "trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, start)
}

// pdfText is a string literal in Windows-1252.
func pdfText(s string) string {
	var b strings.Builder
	b.WriteByte('(')
	for _, r := range s {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(byte(r))
		case r == '€':
			b.WriteByte(0x80)
		case r >= ' ' && r <= '~' || r >= 0xa0 && r <= 0xff:
			b.WriteByte(byte(r))
		default:
			b.WriteByte('?')
		}
	}
	b.WriteByte(')')
	return b.String()
}

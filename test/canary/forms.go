// Package canary looks for marked secrets where none may be.
package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"unicode/utf16"
)

// Secret is a marked secret.
type Secret struct {
	Name string
	Text string
}

// form is one way in which a secret can be written down.
type form struct {
	name  string
	bytes []byte
}

// forms returns the ways in which a secret may hide: as it is, in hex, in URLs,
// in base64 at each of three offsets, in UTF-16.
func (s Secret) forms() []form {
	raw := []byte(s.Text)
	forms := []form{
		{"raw", raw},
		{"hex", []byte(hex.EncodeToString(raw))},
		{"upper-case hex", bytes.ToUpper([]byte(hex.EncodeToString(raw)))},
		{"url-encoded", []byte(url.QueryEscape(s.Text))},
		{"utf-16 little endian", wide(s.Text, 0)},
		{"utf-16 big endian", wide(s.Text, 1)},
	}
	for offset := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			// The first and last characters also hold bits of the neighbours.
			text := encoding.EncodeToString(append(make([]byte, offset), raw...))
			from, to := (offset*8+5)/6, (offset+len(raw))*8/6
			forms = append(forms, form{"base64", []byte(text[from:to])})
		}
	}
	return forms
}

func wide(text string, high int) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		pair := []byte{byte(unit), byte(unit >> 8)}
		if high == 1 {
			pair[0], pair[1] = pair[1], pair[0]
		}
		b = append(b, pair...)
	}
	return b
}

// Find returns the name of a form of the secret that stands in some bytes, or "".
// A secret of digits alone counts only where no other digit touches it: it is
// short, and ids are long.
func (s Secret) Find(in []byte) string {
	for _, f := range s.forms() {
		for at := 0; ; {
			i := bytes.Index(in[at:], f.bytes)
			if i < 0 {
				break
			}
			start := at + i
			end := start + len(f.bytes)
			if !digits(s.Text) || !bytes.Equal(f.bytes, []byte(s.Text)) || !(start > 0 && isDigit(in[start-1]) || end < len(in) && isDigit(in[end])) {
				return f.name
			}
			at = start + 1
		}
	}
	return ""
}

func digits(text string) bool {
	for _, c := range []byte(text) {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

package errcode

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Lang is a language in which people are spoken to.
type Lang string

// The languages. Portuguese comes first: whoever asks for neither gets it.
const (
	Portuguese Lang = "pt-BR"
	English    Lang = "en"
)

// Languages returns every language.
func Languages() []Lang { return []Lang{Portuguese, English} }

// ParseLang reads a language tag, as in "pt-BR", "pt" or "en-US".
func ParseLang(tag string) (lang Lang, ok bool) {
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	switch primary {
	case "pt":
		return Portuguese, true
	case "en":
		return English, true
	}
	return Portuguese, false
}

// maxAcceptLanguage bounds what is read of a header.
const maxAcceptLanguage = 512

// MatchLanguage picks the language that a caller likes best, by its
// Accept-Language header; fallback (a tag) where it names none of ours, and
// Portuguese where that is none either.
func MatchLanguage(acceptLanguage, fallback string) Lang {
	type wish struct {
		lang    Lang
		quality float64
	}
	standard, _ := ParseLang(fallback)
	var wishes []wish
	for part := range strings.SplitSeq(acceptLanguage[:min(len(acceptLanguage), maxAcceptLanguage)], ",") {
		tag, parameters, _ := strings.Cut(part, ";")
		lang, ok := ParseLang(tag)
		if strings.TrimSpace(tag) == "*" {
			lang, ok = standard, true
		}
		if quality := qualityOf(parameters); ok && quality > 0 {
			wishes = append(wishes, wish{lang, quality})
		}
	}
	if len(wishes) == 0 {
		return standard
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.quality, a.quality) })
	return wishes[0].lang
}

// qualityOf reads "q=0.8"; 1 where there is none, 0 where it is malformed.
func qualityOf(parameters string) float64 {
	value, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q=")
	if !ok {
		return 1
	}
	quality, err := strconv.ParseFloat(value, 64)
	if err != nil || !(quality >= 0 && quality <= 1) { // NaN is neither
		return 0
	}
	return quality
}

// phrase is the same in each language.
type phrase struct{ pt, en string }

func (p phrase) in(lang Lang) string {
	if lang == English {
		return p.en
	}
	return p.pt
}

package rehearse

import (
	"regexp"
	"strings"

	"github.com/waba-platform/onboarding/pkg/seal"
)

// plainWord is how Meta writes the values of an enumeration.
var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z_]{0,39}$`)

// shown returns a word of Meta's if it is one, and has nothing to do with what is
// secret; else only that there is one.
func (s *session) shown(word string) string {
	if !plainWord.MatchString(word) {
		return string(text)
	}
	for _, secret := range []seal.Secret{s.options.Graph.AppSecret, s.options.Token} {
		kept := strings.ToLower(secret.Reveal())
		said := strings.ToLower(word)
		if kept != "" && (strings.Contains(kept, said) || strings.Contains(said, kept)) {
			return seal.Redacted
		}
	}
	return word
}

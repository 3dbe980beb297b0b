package cli

// Mistake says a mistake of configuration in Portuguese.
func Mistake(text string) string { return (&terminal{}).mistake(text) }

package diagnose

// Matcher matches as a rule does: by the texts that a match needs, then by the
// expression.
func Matcher(pattern string) func(text string) bool {
	p := newPattern(pattern)
	return func(text string) bool { return p.match(newWords(text)) }
}

// Normalise makes the line that rules are matched with.
func Normalise(text string) string { return normalise(text) }

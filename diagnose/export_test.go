package diagnose

// MatchPattern matches as a rule does: by the texts that a match needs, then by the
// expression.
func MatchPattern(pattern, text string) bool { return newPattern(pattern).match(newWords(text)) }

// Normalise makes the line that rules are matched with.
func Normalise(text string) string { return normalise(text) }

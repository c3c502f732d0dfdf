package diagnose

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
)

// pattern is a regular expression that is compiled when it may match for the first
// time: most of them never may.
type pattern struct {
	// needs lists texts, in lower case, of which every match holds one; nil where
	// that is not known. A look for them costs a hundredth of the expression.
	needs   func() []string
	compile func() *regexp.Regexp
}

func newPattern(text string) pattern {
	return pattern{
		needs: sync.OnceValue(func() []string {
			re, err := syntax.Parse(text, syntax.Perl)
			if err != nil {
				return nil
			}
			return needed(re)
		}),
		compile: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) }),
	}
}

// words is a text to be matched.
type words struct{ text, lower string }

func newWords(text string) words {
	// The long s is the one letter whose small form is not what it folds to.
	return words{text, strings.ReplaceAll(strings.ToLower(text), "ſ", "s")}
}

// match reports whether the pattern stands in w.
func (p pattern) match(w words) bool {
	needs := p.needs()
	for i, n := range needs {
		if strings.Contains(w.lower, n) {
			break
		}
		if i == len(needs)-1 {
			return false
		}
	}
	return p.compile().MatchString(w.text)
}

// needed returns texts of which every match of re holds one, or nil.
func needed(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return needed(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needed(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if n := needed(sub); n != nil && shortest(n) > shortest(best) {
				best = n
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			n := needed(sub)
			if n == nil {
				return nil
			}
			all = append(all, n...)
		}
		return all
	default: // what may be empty, or stands for many characters
	}
	return nil
}

// shortest is the length of the shortest of texts: the longer, the rarer.
func shortest(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	n := len(texts[0])
	for _, t := range texts {
		n = min(n, len(t))
	}
	return n
}

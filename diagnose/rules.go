package diagnose

import (
	_ "embed" // for the tables
	"fmt"
	"slices"
	"strings"

	"github.com/mailstead/mailstead"
)

var (
	//go:embed rules.tsv
	rulesTable string
	//go:embed codes.tsv
	codesTable string
)

// rule maps words of a server to an explanation.
type rule struct {
	protocols []string
	// providers are lower-case names; any tells that the rule needs none.
	providers []string
	any       bool
	// sure tells that the words give the provider away.
	sure bool
	// generic rules know no more than the class of a reply code.
	generic     bool
	pattern     pattern
	explanation mailstead.Explanation
}

// readTable reads tab-separated lines below one line of column names.
func readTable(name, text, columns string) ([][]string, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != columns {
		return nil, fmt.Errorf("%s: columns %q, want %q", name, lines[0], columns)
	}
	n := strings.Count(columns, "\t") + 1
	var rows [][]string
	for i, line := range lines[1:] {
		row := strings.Split(line, "\t")
		if len(row) != n {
			return nil, fmt.Errorf("%s line %d: %d columns, want %d", name, i+2, len(row), n)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

const ruleColumns = "id\tprotocol\tprovider\tsure\tpattern\tsample\tcode\tretry\twho\tcause\taction"

func readRules(text string) ([]*rule, error) {
	rows, err := readTable("rules.tsv", text, ruleColumns)
	if err != nil {
		return nil, err
	}
	rules := make([]*rule, len(rows))
	for i, row := range rows {
		class, _, _ := strings.Cut(row[6], ".")
		r := &rule{
			protocols: list(row[1]), providers: list(row[2]), sure: row[3] == "yes",
			generic: row[0] == "smtp-4xx" || row[0] == "smtp-5xx" || strings.HasPrefix(row[0], "class-"),
			pattern: newPattern(row[4]),
			explanation: mailstead.Explanation{
				Rule: row[0], Code: row[6], Class: class, Retry: row[7], Who: row[8], Cause: row[9], Action: row[10],
			},
		}
		r.any = slices.Contains(r.providers, anyWord)
		rules[i] = r
	}
	return rules, nil
}

// readCodes reads the words for codes. An empty cause means that the error's own
// text is the cause; a code such as input.* stands for all of its class.
func readCodes(text string) (map[string]mailstead.Explanation, error) {
	rows, err := readTable("codes.tsv", text, "code\tretry\twho\tcause\taction")
	if err != nil {
		return nil, err
	}
	codes := make(map[string]mailstead.Explanation, len(rows))
	for _, row := range rows {
		codes[row[0]] = mailstead.Explanation{Retry: row[1], Who: row[2], Cause: row[3], Action: row[4]}
	}
	return codes, nil
}

// maxList is how much of a list of protocols or providers is looked at.
const maxList = 1 << 10

// list splits a comma list into lower-case words.
func list(text string) []string {
	text = text[:min(len(text), maxList)]
	var words []string
	for _, w := range strings.Split(text, ",") {
		if w = strings.ToLower(strings.TrimSpace(w)); w != "" {
			words = append(words, w)
		}
	}
	return words
}

const anyWord = "any"

// query is what a rule is looked up by.
type query struct {
	// protocols is empty for any.
	protocols []string
	providers []string
	stage     mailstead.StageName
	// network limits the rules to those of connections.
	network bool
	// lines are forms of the same words.
	lines []string
}

// match returns the first rule that knows the words: of the provider, of words
// that give a provider away, of any server, of the reply code alone.
func (c *Catalogue) match(q query) *rule {
	lines := make([]words, len(q.lines))
	for i, text := range q.lines {
		lines[i] = newWords(text)
	}
	for _, rank := range []func(*rule) bool{
		func(r *rule) bool { return r.knows(q.providers) },
		func(r *rule) bool { return r.sure },
		func(r *rule) bool { return r.any && !r.generic },
		func(r *rule) bool { return r.generic },
	} {
		for _, r := range c.rules {
			if rank(r) && r.speaks(q.protocols) && r.fits(q) && slices.ContainsFunc(lines, r.pattern.match) {
				return r
			}
		}
	}
	return nil
}

// fits keeps rules out that can't be meant: nothing has been sent or delivered
// while the sign-in is under way, whatever words an address in the text holds.
func (r *rule) fits(q query) bool {
	class := r.explanation.Class
	if q.network {
		return class == "dns" || class == "net" || class == "tls"
	}
	switch q.stage {
	case mailstead.StageLogin:
		return class != "send" && class != "deliver"
	case mailstead.StageGreeting, mailstead.StageCapabilities, mailstead.StageTLS:
		// A reply code means the server there, not a mail.
		return !r.generic || class != "send"
	case "", mailstead.StageDNS, mailstead.StageTCP, mailstead.StageFolders, mailstead.StageSender:
	}
	return true
}

func (r *rule) speaks(protocols []string) bool {
	return len(protocols) == 0 || slices.Contains(r.protocols, anyWord) ||
		slices.ContainsFunc(protocols, func(p string) bool { return slices.Contains(r.protocols, p) })
}

func (r *rule) knows(providers []string) bool {
	return slices.ContainsFunc(providers, func(given string) bool {
		return slices.ContainsFunc(r.providers, func(of string) bool { return of != anyWord && sameProvider(given, of) })
	})
}

// protocolWords turns a protocol, or a comma list, into the table's words; none
// means any. A server that takes our mail may pass on the words of the one that
// it delivers to, and the other way round.
func protocolWords(text string) []string {
	var words []string
	for _, w := range list(text) {
		switch w {
		case anyWord:
			return nil
		case "smtp", "smtps", "submission", "submissions", "smtp-deliver", "lmtp":
			words = append(words, "smtp", "smtp-deliver")
		case "imaps":
			words = append(words, "imap")
		case "pop", "pops", "pop3s":
			words = append(words, "pop3")
		default:
			words = append(words, w)
		}
	}
	return words
}

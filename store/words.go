package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

// wordTable keeps the words that the things of a list are found by.
type wordTable struct {
	// table has a row for each word of an owner, a column. alias is that of the things
	// in a query.
	table, owner, alias string
}

var (
	accountWords = wordTable{table: "account_words", owner: "account_id", alias: "a"}
	recordWords  = wordTable{table: "record_words", owner: "record_id", alias: "r"}
)

const (
	// fewHits is up to how many hits of a word are looked up one by one.
	fewHits = 2000
	// mostTextWords is how many words of a text are looked for.
	mostTextWords = 8
	// ofWord keeps words that begin with one; wordRange gives its arguments.
	ofWord = "aw.word >= ? AND aw.word < ?"
)

// wordRange bounds the words that begin with word: letters and digits are all
// below the last code point.
func wordRange(word string) (from, to string) { return word, word + "\U0010ffff" }

// search keeps the things that hold all words of a text. When one of them is rare
// its hits are looked up; else so many things match that going along the list finds
// a page soon.
func (w wordTable) search(ctx context.Context, s *Session, sel *bun.SelectQuery, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	words := strings.Fields(mailstead.FoldText(text))
	if len(words) == 0 {
		// Nothing but punctuation is in no name.
		sel.Where("1 = 0")
		return nil
	}
	rarest, hits := "", int64(fewHits+1)
	words = words[:min(len(words), mostTextWords)]
	for i := range words {
		words[i] = CutWord(words[i])
		from, to := wordRange(words[i])
		var n int64
		err := one(ctx, s.Bound, "SELECT count(*) FROM (SELECT 1 FROM "+w.table+" AS aw WHERE "+ofWord+limited(fewHits+1, fewHits+1)+") AS hits",
			[]any{from, to}, &n)
		if err != nil {
			return err
		}
		if n < hits {
			rarest, hits = words[i], n
		}
	}
	for _, word := range words {
		from, to := wordRange(word)
		if word == rarest {
			sel.Where(w.alias+".id IN (SELECT aw."+w.owner+" FROM "+w.table+" AS aw WHERE "+ofWord+")", from, to)
			continue
		}
		sel.Where("EXISTS (SELECT 1 FROM "+w.table+" AS aw WHERE aw."+w.owner+" = "+w.alias+".id AND "+ofWord+")", from, to)
	}
	return nil
}

// set makes a thing found by these words.
func (w wordTable) set(ctx context.Context, s *step, id int64, all []string) error {
	if _, err := s.Bound.Exec(ctx, "DELETE FROM "+w.table+" WHERE "+w.owner+" = ?", id); err != nil {
		return err
	}
	words := map[string]bool{}
	for _, word := range all {
		words[CutWord(clean(word))] = true
	}
	for part := range pieces(slices.Sorted(maps.Keys(words)), mostRows) {
		args := make([]any, 0, 2*len(part))
		for _, word := range part {
			args = append(args, id, word)
		}
		if _, err := s.Bound.Exec(ctx, "INSERT INTO "+w.table+" ("+w.owner+", word) VALUES "+marks(len(part), 2), args...); err != nil {
			return fmt.Errorf("store words: %w", err)
		}
	}
	return nil
}

package diagnose_test

import "testing"

// TestJudgedTexts judges the rules by words of servers in use that no rule was
// given as its sample.
func TestJudgedTexts(t *testing.T) {
	c := catalogue(t)
	samples := map[string]bool{}
	for _, row := range table(t, "rules.tsv") {
		samples[row["sample"]] = true
	}
	rows := table(t, "testdata/judged.tsv")
	right := 0
	for _, row := range rows {
		if samples[row["text"]] {
			t.Errorf("%q is the sample of a rule", row["text"])
		}
		if got := c.ExplainText(row["protocol"], row["provider"], row["text"]); got.Code != row["code"] {
			t.Logf("%s %s: %s by %q, want %s", row["protocol"], row["text"], got.Code, got.Rule, row["code"])
		} else {
			right++
		}
	}
	t.Logf("%d of %d texts are told right", right, len(rows))
	if len(rows) < 100 || right*100 < len(rows)*95 {
		t.Errorf("%d of %d texts are told right, want 95 %% of at least 100", right, len(rows))
	}
}

// TestEverySampleFindsItsOwnRule: no other rule may come first.
func TestEverySampleFindsItsOwnRule(t *testing.T) {
	c := catalogue(t)
	for _, row := range table(t, "rules.tsv") {
		if got := c.ExplainText(row["protocol"], row["provider"], row["sample"]); got.Rule != row["id"] {
			t.Errorf("%s: %q is found by %s", row["id"], row["sample"], got.Rule)
		}
	}
}

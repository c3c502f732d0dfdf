package discover

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestInstructions holds the English sentences against those of the pages; that every
// language has all of them is a check of the pages' own (npm run texts).
func TestInstructions(t *testing.T) {
	b, err := os.ReadFile("../web/locales/en/providers.json")
	if err != nil {
		t.Fatal(err)
	}
	pages := make(map[string]string)
	if err := json.Unmarshal(b, &pages); err != nil {
		t.Fatal(err)
	}
	for code, in := range instructions {
		if pages[code] != in.text {
			t.Errorf("%s: the pages say %q, want %q", code, pages[code], in.text)
		}
	}
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	left := regexp.MustCompile(`[{}]`)
	for _, e := range d.builtIn {
		if e.CheckedIn != checkedIn {
			t.Errorf("%s: checked in %q", e.ID, e.CheckedIn)
		}
		facts := false
		for _, in := range e.Instructions {
			used[in.Code] = true
			if facts && in.Step {
				t.Errorf("%s: the step %s comes behind something to know", e.ID, in.Code)
			}
			facts = !in.Step
			if in.Text == "" || left.MatchString(in.Text) {
				t.Errorf("%s: %s says %q", e.ID, in.Code, in.Text)
			}
			if in.URL != "" && in.URL != e.AppPasswordURL && in.URL != e.EnableURL {
				t.Errorf("%s: %s leads to %q, which is no page of the provider", e.ID, in.Code, in.URL)
			}
			if _, err := time.Parse(time.DateOnly, in.Day); in.Day != "" && err != nil {
				t.Errorf("%s: %s: %v", e.ID, in.Code, err)
			}
		}
		// Whoever has to prepare something is told what.
		if e.Status != "ok" && len(e.Instructions) == 0 {
			t.Errorf("%s is %s and says not what to do", e.ID, e.Status)
		}
		for _, url := range []string{e.AppPasswordURL, e.EnableURL} {
			told := strings.Contains(e.Notes, url)
			for _, in := range e.Instructions {
				told = told || in.URL == url
			}
			if url != "" && !told && len(e.Instructions) > 0 && e.Status != "ok" {
				t.Errorf("%s: nobody is led to %s", e.ID, url)
			}
		}
	}
	for code := range instructions {
		if !used[code] {
			t.Errorf("no provider has the instruction %s", code)
		}
	}
}

func TestDamagedInstructions(t *testing.T) {
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	gmail := d.current.Load().byID["gmail"]
	for name, change := range map[string]func(*entry){
		"unknown":       func(e *entry) { e.Instructions[0].Code = "stand_on_one_leg" },
		"day missing":   func(e *entry) { e.Instructions[0].Code = "sign_in_page" },
		"count missing": func(e *entry) { e.Instructions[0].Code = "daily_limit" },
		"day too many":  func(e *entry) { e.Instructions[0].Day = "2026-01-01" },
	} {
		e := *gmail
		e.Instructions = append(e.Instructions[:0:0], gmail.Instructions...)
		change(&e)
		if e.instruct() == nil {
			t.Errorf("%s: it is accepted", name)
		}
	}
}

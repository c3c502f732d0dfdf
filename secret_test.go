package mailstead_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
)

func TestSecretsNeverPrint(t *testing.T) {
	const text = "correct horse battery"
	s := mailstead.NewSecret(text)
	access := mailstead.Access{Login: "anna", Secret: s}
	sealed := mailstead.Sealed(text)
	holder := struct{ secret mailstead.Secret }{s}
	var out bytes.Buffer
	for _, v := range []any{s, &s, access, &access, sealed, []mailstead.Secret{s}, map[string]mailstead.Secret{"a": s}, holder, &holder} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).LogAttrs(t.Context(), slog.LevelInfo, "test", slog.Any("secret", s), slog.Any("access", access))
	}
	b, err := json.Marshal(map[string]any{"secret": s, "access": access})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	for _, leak := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q is in:\n%s", leak, out.String())
		}
	}
	if s.Reveal() != text {
		t.Error("Reveal does not give the secret")
	}
}

func TestSecretsCompareByTheirText(t *testing.T) {
	a, b := mailstead.NewSecret("one"), mailstead.NewSecret("one")
	if a != b || a == mailstead.NewSecret("two") || a == (mailstead.Secret{}) {
		t.Error("secrets are equal when their texts are")
	}
	var read mailstead.Secret
	if err := json.Unmarshal([]byte(`"one"`), &read); err != nil || read != a {
		t.Errorf("read %q, %v", read.Reveal(), err)
	}
	for name, empty := range map[string]mailstead.Secret{"zero": {}, "empty": mailstead.NewSecret("")} {
		if !empty.IsZero() || empty.Reveal() != "" || empty != (mailstead.Secret{}) {
			t.Errorf("%s: not zero", name)
		}
	}
}

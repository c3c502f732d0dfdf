package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/blob"
)

func open(t testing.TB, dir string, o blob.Options) *blob.Packs {
	t.Helper()
	p, err := blob.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func put(t testing.TB, p *blob.Packs, bodies ...string) []mailstead.BlobRef {
	t.Helper()
	var bs [][]byte
	for _, b := range bodies {
		bs = append(bs, []byte(b))
	}
	refs, err := p.Put(t.Context(), bs)
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

func wantBody(t testing.TB, p *blob.Packs, ref mailstead.BlobRef, want string) {
	t.Helper()
	got, err := p.Get(t.Context(), ref)
	if err != nil || string(got) != want {
		t.Fatalf("Get = %d bytes, %v; want %d bytes", len(got), err, len(want))
	}
}

func packs(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.pack"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestRoundTripAcrossReopen(t *testing.T) {
	dir := t.TempDir()
	random := make([]byte, 100_000)
	_, _ = rand.Read(random) // never fails, says its documentation
	bodies := []string{"", "a", strings.Repeat("mail ", 10_000), string(random)}
	p := open(t, dir, blob.Options{})
	refs := put(t, p, bodies...)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, dir, blob.Options{})
	refs = append(refs, put(t, p, "later")...)
	for i, b := range append(bodies, "later") {
		wantBody(t, p, refs[i], b)
		if refs[i].Size != int64(len(b)) || refs[i].Hash != mailstead.HashBlob([]byte(b)) {
			t.Errorf("reference %d does not describe its body", i)
		}
	}
	if n := len(packs(t, dir)); n != 1 {
		t.Errorf("a tidy pack was not continued: %d packs", n)
	}
	if refs[2].Stored > 5000 {
		t.Errorf("repetitive text is stored in %d bytes", refs[2].Stored)
	}
}

func TestEqualBodiesOfABatchAreStoredOnce(t *testing.T) {
	p := open(t, t.TempDir(), blob.Options{})
	refs := put(t, p, "same", "other", "same")
	if refs[0] != refs[2] || refs[0] == refs[1] {
		t.Errorf("got %v", refs)
	}
}

func TestTornEndIsLeftBehind(t *testing.T) {
	for _, cut := range []int64{1, 30, 60} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			dir := t.TempDir()
			p := open(t, dir, blob.Options{})
			first := put(t, p, strings.Repeat("first", 100))[0]
			last := put(t, p, "last, and long enough to be cut in its middle")[0]
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(packs(t, dir)[0], last.Offset+last.Stored-cut); err != nil {
				t.Fatal(err)
			}
			p = open(t, dir, blob.Options{})
			next := put(t, p, "next")[0]
			if next.Pack == first.Pack {
				t.Error("the torn pack was continued")
			}
			wantBody(t, p, first, strings.Repeat("first", 100))
			wantBody(t, p, next, "next")
			var n int
			err := p.Walk(t.Context(), func(mailstead.BlobRef, []byte) error { n++; return nil })
			if err != nil || n != 2 {
				t.Errorf("Walk found %d bodies, %v; want 2", n, err)
			}
		})
	}
}

func TestDamageIsNoticed(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir, blob.Options{})
	ref := put(t, p, strings.Repeat("body ", 50))[0]
	file := packs(t, dir)[0]
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 0x40
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Get(t.Context(), ref); err == nil && string(got) != strings.Repeat("body ", 50) {
			t.Fatalf("byte %d: damaged bytes were returned", i)
		}
	}
}

func TestConcurrentPutsOverManyPacks(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir, blob.Options{PackSize: 2000})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 40 {
				body := fmt.Sprintf("%d/%d %s", g, i, strings.Repeat("x", i*10))
				refs, err := p.Put(context.WithoutCancel(t.Context()), [][]byte{[]byte(body), []byte(body + "b")})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := p.Get(t.Context(), refs[1]); err != nil || string(got) != body+"b" {
					t.Errorf("Get = %q, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(packs(t, dir)); n < 3 {
		t.Errorf("%d packs, want several", n)
	}
	var n int
	if err := p.Walk(t.Context(), func(mailstead.BlobRef, []byte) error { n++; return nil }); err != nil || n != 640 {
		t.Errorf("Walk found %d bodies, %v; want 640", n, err)
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	p := open(t, t.TempDir(), blob.Options{})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Put(t.Context(), [][]byte{[]byte("x")}); err == nil {
		t.Error("Put on a closed store gave no error")
	}
}

func BenchmarkPut(b *testing.B) {
	p := open(b, b.TempDir(), blob.Options{})
	batch := make([][]byte, 100)
	for i := range batch {
		batch[i] = []byte(strings.Repeat(fmt.Sprintf("line %d of a mail\r\n", i), 1000))
	}
	b.SetBytes(int64(len(batch) * len(batch[0])))
	for b.Loop() {
		if _, err := p.Put(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

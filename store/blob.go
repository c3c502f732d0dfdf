package store

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type blobRow struct {
	bun.BaseModel `bun:"table:blobs,alias:b"`

	Hash       []byte `bun:"hash,pk"`
	Pack       int64
	PackOffset int64
	Stored     int64
	Size       int64
	Refs       int64
}

// KnownBlobs returns where the bytes with these hashes lie, for those that are
// known.
func (db *DB) KnownBlobs(ctx context.Context, hashes []mailstead.BlobHash) (map[mailstead.BlobHash]mailstead.BlobRef, error) {
	out := make(map[mailstead.BlobHash]mailstead.BlobRef, len(hashes))
	s := db.reader()
	for part := range slices.Chunk(hashes, 500) {
		raw := make([][]byte, len(part))
		for i := range part {
			raw[i] = part[i][:]
		}
		var rows []blobRow
		if err := s.NewSelect().Model(&rows).Where("b.hash IN (?)", bun.List(raw)).Scan(ctx); err != nil {
			return nil, fmt.Errorf("look up blobs: %w", err)
		}
		for _, r := range rows {
			ref := mailstead.BlobRef{Hash: blobHash(r.Hash), Pack: r.Pack, Offset: r.PackOffset, Stored: r.Stored, Size: r.Size}
			out[ref.Hash] = ref
		}
	}
	return out, nil
}

func blobHash(b []byte) (h mailstead.BlobHash) {
	copy(h[:], b)
	return h
}

// hashColumn is the value of a blob_hash column: NULL for no bytes.
func hashColumn(r mailstead.BlobRef) any {
	if r.IsZero() {
		return nil
	}
	return r.Hash[:]
}

// blobCounts gathers by how much a step changes the counts of references.
type blobCounts map[mailstead.BlobHash]*blobCount

type blobCount struct {
	ref mailstead.BlobRef
	n   int64
}

func (c *blobCounts) of(h mailstead.BlobHash) *blobCount {
	if *c == nil {
		*c = make(blobCounts)
	}
	b := (*c)[h]
	if b == nil {
		b = &blobCount{}
		(*c)[h] = b
	}
	return b
}

// add counts one more reference, unless r names nothing.
func (c *blobCounts) add(r mailstead.BlobRef) {
	if r.IsZero() {
		return
	}
	b := c.of(r.Hash)
	b.ref = r
	b.n++
}

// drop counts one reference less; hash is a column's value.
func (c *blobCounts) drop(hash []byte) {
	if len(hash) > 0 {
		c.of(blobHash(hash)).n--
	}
}

// apply stores the counts and the blobs that were not known. It goes by hash, so
// that two steps never wait for each other.
func (c blobCounts) apply(ctx context.Context, b Bound) error {
	hashes := slices.SortedFunc(maps.Keys(c), func(x, y mailstead.BlobHash) int { return bytes.Compare(x[:], y[:]) })
	for part := range pieces(hashes, mostRows) {
		args := make([]any, 0, len(part)*6)
		for _, h := range part {
			e := c[h]
			args = append(args, h[:], e.ref.Pack, e.ref.Offset, e.ref.Stored, e.ref.Size, e.n)
		}
		_, err := b.Exec(ctx, "INSERT INTO blobs (hash, pack, pack_offset, stored, size, refs) VALUES "+marks(len(part), 6)+
			" ON CONFLICT (hash) DO UPDATE SET refs = blobs.refs + excluded.refs", args...)
		if err != nil {
			return fmt.Errorf("count blobs: %w", err)
		}
	}
	return nil
}

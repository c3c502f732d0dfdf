// Package blob keeps the bytes of messages: content-addressed, compressed, in
// append-only pack files.
//
// One file per message would cost an fsync and an inode each; here a batch costs
// one fsync, and batches that come at the same time share it:
//
//  1. Put hashes and compresses the bodies, outside any lock.
//  2. It appends their records to the current pack file.
//  3. It waits until an fsync covers them, its own or a neighbour's.
//  4. It returns references. Rows that name the bytes are stored after that, so
//     a row never names bytes that a power cut could take away.
//
// A record is a 52-byte header (see record.go) and the stored bytes. Packs are
// written once and never changed; a torn end that no row names is left behind
// and a new pack is begun.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/mailstead/mailstead"
)

// Options change how packs are written. The zero value is the default.
type Options struct {
	// PackSize is the size in bytes at which a new pack is begun; 0 means 256 MiB.
	PackSize int64
}

const (
	defaultPackSize = 256 << 20
	packSuffix      = ".pack"
	// maxBody bounds one body, so that a damaged header can't ask for more.
	maxBody = 1 << 30
	// keepBuffer is the largest buffer of a batch that is kept for the next one.
	keepBuffer = 16 << 20
)

// Packs is a blob store in one directory. Its methods may be called from many
// goroutines; only one process may have a directory open.
type Packs struct {
	dir      string
	packSize int64
	enc      *zstd.Encoder
	dec      *zstd.Decoder
	// buffers holds *[]byte in which batches are put together.
	buffers sync.Pool

	// mu guards the end of the current pack.
	mu     sync.Mutex
	file   *os.File
	pack   int64
	end    int64
	serial uint64 // counts appends over all packs
	closed bool
	// lost holds the serials whose bytes may not have reached the disk because a
	// write or an fsync failed.
	lost []span

	// syncMu is held during an fsync; synced is the serial that the last one
	// covered.
	syncMu sync.Mutex
	synced atomic.Uint64
}

// Open opens the store in dir, which it creates when it is missing.
func Open(dir string, o Options) (*Packs, error) {
	if o.PackSize <= 0 {
		o.PackSize = defaultPackSize
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create blob directory: %w", err)
	}
	// Mails are small and come by the thousand: the fastest level already halves
	// them, and a small window keeps an idle process small.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(256<<10),
		zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("make compressor: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxBody))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	p := &Packs{dir: dir, packSize: o.PackSize, enc: enc, dec: dec, buffers: sync.Pool{New: func() any { return new([]byte) }}}
	if err := p.resume(); err != nil {
		return nil, err
	}
	return p, nil
}

// resume continues the newest pack when its end is tidy, else it leaves it be:
// the next Put begins a new one.
func (p *Packs) resume() error {
	packs, err := p.list()
	if err != nil || len(packs) == 0 {
		return err
	}
	p.pack = packs[len(packs)-1]
	f, err := os.OpenFile(p.path(p.pack), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open pack: %w", err)
	}
	end, tidy, err := scan(f, nil)
	if err != nil || !tidy || end >= p.packSize {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		return err
	}
	if _, err := f.Seek(end, io.SeekStart); err != nil {
		return errors.Join(fmt.Errorf("seek in pack: %w", err), f.Close())
	}
	p.file, p.end = f, end
	return nil
}

// Put stores bodies and returns their references in the same order; equal bodies
// of one batch are stored once. When it returns without an error the bytes are
// on the disk. An error means that none of them may be referred to.
func (p *Packs) Put(ctx context.Context, bodies [][]byte) ([]mailstead.BlobRef, error) {
	hashes := make([]mailstead.BlobHash, len(bodies))
	for i, b := range bodies {
		hashes[i] = mailstead.HashBlob(b)
	}
	return p.PutHashed(ctx, hashes, bodies)
}

// PutHashed is Put for callers that know the hashes already.
func (p *Packs) PutHashed(ctx context.Context, hashes []mailstead.BlobHash, bodies [][]byte) ([]mailstead.BlobRef, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	room := 0
	for _, b := range bodies {
		room += headerSize + len(b)
		if len(b) > maxBody {
			return nil, &mailstead.Error{Kind: mailstead.KindTooLarge, Code: "blob.too_large", Op: "blob.Put", Text: "The mail is too large to be stored."}
		}
	}
	buf := p.buffers.Get().(*[]byte) // only such buffers are put there
	defer func() {
		if cap(*buf) <= keepBuffer {
			p.buffers.Put(buf)
		}
	}()
	batch := slices.Grow((*buf)[:0], room)
	refs := make([]mailstead.BlobRef, len(bodies))
	first := make(map[mailstead.BlobHash]int, len(bodies))
	for i, b := range bodies {
		if j, ok := first[hashes[i]]; ok {
			refs[i] = refs[j]
			continue
		}
		first[hashes[i]] = i
		start := len(batch)
		batch = p.encode(batch, hashes[i], b)
		refs[i] = mailstead.BlobRef{Hash: hashes[i], Size: int64(len(b)), Offset: int64(start), Stored: int64(len(batch) - start)}
	}
	*buf = batch
	pack, offset, serial, err := p.append(batch)
	if err != nil {
		return nil, err
	}
	if err := p.sync(serial); err != nil {
		return nil, err
	}
	for i := range refs {
		refs[i].Pack = pack
		refs[i].Offset += offset
	}
	return refs, nil
}

// append writes a batch of records behind what is there, by one write, and
// returns where it lies. A batch is not parted: a pack may end up larger than its
// size by one batch.
func (p *Packs) append(batch []byte) (pack, offset int64, serial uint64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, 0, 0, os.ErrClosed
	}
	if p.file == nil || p.end >= p.packSize {
		if err := p.rotate(); err != nil {
			return 0, 0, 0, err
		}
	}
	if _, err := p.file.Write(batch); err != nil {
		// What stands behind end now is unknown: leave this pack alone. What
		// others appended to it before may still be saved.
		return 0, 0, 0, errors.Join(fmt.Errorf("write pack: %w", err), p.finish())
	}
	pack, offset = p.pack, p.end
	p.end += int64(len(batch))
	p.serial++
	return pack, offset, p.serial, nil
}

// rotate begins a new pack. What was appended to the old one becomes durable
// first, so that an fsync of the current pack always covers everything.
func (p *Packs) rotate() error {
	if p.file != nil {
		if err := p.finish(); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(p.path(p.pack+1), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("begin pack: %w", err)
	}
	if err := syncDir(p.dir); err != nil {
		return errors.Join(err, f.Close())
	}
	p.pack++
	p.file, p.end = f, 0
	return nil
}

// finish makes the current pack durable and closes it; the caller holds mu.
func (p *Packs) finish() error {
	f := p.file
	p.file = nil
	err := f.Sync()
	if err != nil {
		p.lose(p.serial)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("finish pack: %w", err)
	}
	return nil
}

// span is a range of serials, both ends included.
type span struct{ from, to uint64 }

// lose notes that nothing up to serial can become durable any more, but for
// what already is; the caller holds mu.
func (p *Packs) lose(serial uint64) {
	p.lost = append(p.lost, span{p.synced.Load() + 1, serial})
}

func (p *Packs) isLost(serial uint64) bool {
	return slices.ContainsFunc(p.lost, func(s span) bool { return s.from <= serial && serial <= s.to })
}

// sync returns once an fsync has covered the append with the given serial.
func (p *Packs) sync(serial uint64) error {
	p.syncMu.Lock()
	defer p.syncMu.Unlock()
	p.mu.Lock()
	covers, f := p.serial, p.file
	done := p.synced.Load() >= serial
	lost := p.isLost(serial)
	p.mu.Unlock()
	switch {
	case lost:
		return fmt.Errorf("sync pack: %w", errLost)
	case done:
		return nil
	}
	if f != nil {
		// A pack that is rotated away meanwhile was synced by finish, or lost.
		if err := f.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
			return p.failed(f, covers, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isLost(serial) {
		return fmt.Errorf("sync pack: %w", errLost)
	}
	p.synced.Store(covers)
	return nil
}

// failed gives up the pack f after a failed fsync: the kernel may have dropped
// its pages, so nothing behind the last good fsync can be trusted.
func (p *Packs) failed(f *os.File, covers uint64, cause error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose(covers)
	if p.file == f {
		p.file = nil
		cause = errors.Join(cause, f.Close())
	}
	return fmt.Errorf("sync pack: %w", cause)
}

var errLost = errors.New("the disk did not take the bytes")

// Get returns the bytes that ref names and checks them against their hash.
func (p *Packs) Get(ctx context.Context, ref mailstead.BlobRef) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.Open(p.path(ref.Pack))
	if err != nil {
		return nil, fmt.Errorf("open pack: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	if ref.Stored < headerSize || ref.Stored > maxBody+headerSize {
		return nil, errDamaged
	}
	buf := make([]byte, ref.Stored)
	if _, err := f.ReadAt(buf, ref.Offset); err != nil {
		return nil, fmt.Errorf("read pack: %w", err)
	}
	r, err := parseHeader(buf)
	if err != nil {
		return nil, err
	}
	if r.hash != ref.Hash || r.stored != ref.Stored-headerSize {
		return nil, errDamaged
	}
	r.data = buf[headerSize:]
	return p.decode(&r)
}

// Walk calls fn with every body in the store, the oldest first. Bodies that no
// row names any more are included. The slice belongs to fn.
func (p *Packs) Walk(ctx context.Context, fn func(mailstead.BlobRef, []byte) error) error {
	packs, err := p.list()
	if err != nil {
		return err
	}
	for _, n := range packs {
		if err := p.walkPack(ctx, n, fn); err != nil {
			return err
		}
	}
	return nil
}

func (p *Packs) walkPack(ctx context.Context, n int64, fn func(mailstead.BlobRef, []byte) error) error {
	f, err := os.Open(p.path(n))
	if err != nil {
		return fmt.Errorf("open pack: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	_, _, err = scan(f, func(r record, offset int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		ref := mailstead.BlobRef{Hash: r.hash, Pack: n, Offset: offset, Stored: r.stored + headerSize, Size: r.size}
		body, err := p.Get(ctx, ref)
		if err != nil {
			return err
		}
		return fn(ref, body)
	})
	return err
}

// Close closes the store; a Put under way fails.
func (p *Packs) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	p.dec.Close()
	if p.file == nil {
		return nil
	}
	return p.finish()
}

func (p *Packs) path(n int64) string {
	return filepath.Join(p.dir, fmt.Sprintf("%08d%s", n, packSuffix))
}

// list returns the numbers of all packs, ascending.
func (p *Packs) list() ([]int64, error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, fmt.Errorf("list packs: %w", err)
	}
	var packs []int64
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), packSuffix); ok {
			if n, err := strconv.ParseInt(name, 10, 64); err == nil {
				packs = append(packs, n)
			}
		}
	}
	slices.Sort(packs)
	return packs, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

package blob

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/mailstead/mailstead"
)

// The header of a record, big-endian:
//
//	0  4  magic "MSB1"
//	4 32  SHA-256 of the body
//	36 4  length of the body
//	40 4  length of the stored bytes behind the header
//	44 4  codec: 0 as it is, 1 zstd
//	48 4  CRC-32C of bytes 0 to 47
const (
	magic      = 0x4d534231
	headerSize = 52

	codecRaw  = 0
	codecZstd = 1
)

type record struct {
	hash   mailstead.BlobHash
	size   int64
	stored int64
	codec  uint32
	data   []byte
}

var errDamaged = &mailstead.Error{
	Kind: mailstead.KindInternal, Code: "blob.damaged", Op: "blob",
	Text: "The stored bytes of a mail are damaged; restore them from a backup or load the mail again.",
}

// encode appends the record of body to batch.
func (p *Packs) encode(batch []byte, h mailstead.BlobHash, body []byte) []byte {
	start := len(batch)
	batch = append(batch, make([]byte, headerSize)...)
	r := record{hash: h, size: int64(len(body)), codec: codecZstd}
	batch = p.enc.EncodeAll(body, batch)
	if len(batch)-start-headerSize >= len(body) {
		r.codec = codecRaw
		batch = append(batch[:start+headerSize], body...)
	}
	r.stored = int64(len(batch) - start - headerSize)
	header := r.header()
	copy(batch[start:], header[:])
	return batch
}

func (p *Packs) decode(r *record) ([]byte, error) {
	body := r.data
	if r.codec == codecZstd {
		var err error
		if body, err = p.dec.DecodeAll(r.data, make([]byte, 0, r.size)); err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
	}
	if mailstead.HashBlob(body) != r.hash {
		return nil, errDamaged
	}
	return body, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (r *record) header() [headerSize]byte {
	var b [headerSize]byte
	binary.BigEndian.PutUint32(b[0:], magic)
	copy(b[4:], r.hash[:])
	binary.BigEndian.PutUint32(b[36:], uint32(r.size))   //nolint:gosec // bounded by maxBody
	binary.BigEndian.PutUint32(b[40:], uint32(r.stored)) //nolint:gosec // never more than size
	binary.BigEndian.PutUint32(b[44:], r.codec)
	binary.BigEndian.PutUint32(b[48:], crc32.Checksum(b[:48], castagnoli))
	return b
}

func parseHeader(b []byte) (record, error) {
	if len(b) < headerSize || binary.BigEndian.Uint32(b) != magic ||
		binary.BigEndian.Uint32(b[48:]) != crc32.Checksum(b[:48], castagnoli) {
		return record{}, errDamaged
	}
	r := record{
		size:   int64(binary.BigEndian.Uint32(b[36:])),
		stored: int64(binary.BigEndian.Uint32(b[40:])),
		codec:  binary.BigEndian.Uint32(b[44:]),
	}
	copy(r.hash[:], b[4:])
	if r.size > maxBody || r.stored > maxBody || r.codec > codecZstd {
		return record{}, errDamaged
	}
	return r, nil
}

// scan reads the headers of a pack in order and calls fn, if there is one, with
// each record but for its data. It returns where the last whole record ends, and
// whether the file ends there too.
func scan(f *os.File, fn func(r record, offset int64) error) (end int64, tidy bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, false, fmt.Errorf("scan pack: %w", err)
	}
	size := info.Size()
	header := make([]byte, headerSize)
	for end < size {
		if _, err := f.ReadAt(header, end); err != nil {
			if errors.Is(err, io.EOF) {
				return end, false, nil
			}
			return end, false, fmt.Errorf("scan pack: %w", err)
		}
		r, err := parseHeader(header)
		if err != nil || end+headerSize+r.stored > size {
			return end, false, nil //nolint:nilerr // a torn end is expected after a power cut
		}
		if fn != nil {
			if err := fn(r, end); err != nil {
				return end, false, err
			}
		}
		end += headerSize + r.stored
	}
	return end, true, nil
}

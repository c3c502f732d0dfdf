package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"

	"github.com/mailstead/mailstead"
)

// The limits of a page. A page asks for one item more than it shows, to know
// whether there is another one.
const (
	defaultLimit = 50
	maxLimit     = 100
)

// Page is one page of a list.
type Page[T any] struct {
	Items []T `json:"items" nullable:"false" doc:"The items of this page."`
	// Next is given back as the parameter cursor.
	Next string `json:"next,omitempty" doc:"The cursor of the next page; missing on the last one."`
}

type pageOutput[T any] struct{ Body Page[T] }

// List is a list that needs no pages.
type List[T any] struct {
	Items []T `json:"items" nullable:"false" doc:"All items."`
}

type listOutput[T any] struct{ Body List[T] }

func listOf[T any](items []T) *listOutput[T] {
	if items == nil {
		items = []T{}
	}
	return &listOutput[T]{List[T]{items}}
}

// PageParams are the parameters of every page.
type PageParams struct {
	Cursor string `query:"cursor" maxLength:"400" doc:"Where the page begins: the field next of the page before it."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"The most items of the page."`
}

// pageOf cuts items, which may hold one more than limit, to a page. position says
// where the page behind an item begins.
func pageOf[T any](items []T, limit int, position func(T) any) *pageOutput[T] {
	var p Page[T]
	if len(items) > limit {
		items = items[:limit]
		p.Next = encodeCursor(position(items[limit-1]))
	}
	if p.Items = items; items == nil {
		p.Items = []T{}
	}
	return &pageOutput[T]{p}
}

// encodeCursor makes an opaque word of a position. Only decodeCursor knows what is
// in it.
func encodeCursor(position any) string {
	// Positions are plain structs, numbers and strings: Marshal cannot fail.
	b, _ := json.Marshal(position)
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeCursor reads into position what encodeCursor made; "" leaves it as it is.
func decodeCursor(text string, position any) error {
	if text == "" {
		return nil
	}
	bad := mailstead.Invalid("cursor", "input.cursor", "This cursor is not one of ours: begin with the first page.")
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return bad
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if dec.Decode(position) != nil || dec.More() {
		return bad
	}
	return nil
}

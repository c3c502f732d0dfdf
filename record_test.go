package mailstead_test

import (
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
)

func TestRecordTypeIsCleanedAndChecked(t *testing.T) {
	for name, c := range map[string]struct {
		in   mailstead.RecordType
		code string
		key  string
	}{
		"plain":           {mailstead.RecordType{Key: " Order_1 ", Name: " Order "}, "", "order_1"},
		"with an address": {mailstead.RecordType{Key: "order", Name: "Order", URL: "https://crm.example.com/{key}"}, "", "order"},
		"no key":          {mailstead.RecordType{Name: "Order"}, "input.type_key", ""},
		"a digit first":   {mailstead.RecordType{Key: "1st", Name: "Order"}, "input.type_key", ""},
		"another script":  {mailstead.RecordType{Key: "заказ", Name: "Order"}, "input.type_key", ""},
		"a long key":      {mailstead.RecordType{Key: strings.Repeat("a", 41), Name: "Order"}, "input.type_key", ""},
		"no name":         {mailstead.RecordType{Key: "order", Name: " "}, "input.name_needed", ""},
		"no place of key": {mailstead.RecordType{Key: "order", Name: "Order", URL: "https://crm.example.com/"}, "input.url_pattern", ""},
		"another scheme":  {mailstead.RecordType{Key: "order", Name: "Order", URL: "javascript:alert({key})"}, "input.url_pattern", ""},
		"a password":      {mailstead.RecordType{Key: "order", Name: "Order", URL: "https://a:b@crm.example.com/{key}"}, "input.url_pattern", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.in.Validate()
			if err == nil && (c.code != "" || c.in.Key != c.key) || err != nil && mailstead.CodeOf(err) != c.code {
				t.Errorf("got %v and key %q, want code %q and key %q", err, c.in.Key, c.code, c.key)
			}
		})
	}
}

func TestRecordAddressFollowsFromItsType(t *testing.T) {
	order := &mailstead.RecordType{Key: "order", URL: "https://crm.example.com/{key}/mail?of={key}"}
	for name, c := range map[string]struct {
		record mailstead.Record
		of     *mailstead.RecordType
		want   string
	}{
		"by its key":              {mailstead.Record{Key: "A 1/7?"}, order, "https://crm.example.com/A%201%2F7%3F/mail?of=A%201%2F7%3F"},
		"its own":                 {mailstead.Record{Key: "7", URL: "https://shop.example.com/7"}, order, "https://shop.example.com/7"},
		"without a key":           {mailstead.Record{Name: "Seven"}, order, ""},
		"of a type without any":   {mailstead.Record{Key: "7"}, &mailstead.RecordType{}, ""},
		"of a type that is gone":  {mailstead.Record{Key: "7"}, nil, ""},
		"its own without a type":  {mailstead.Record{URL: "https://shop.example.com/7"}, nil, "https://shop.example.com/7"},
		"a key of another script": {mailstead.Record{Key: "ё"}, order, "https://crm.example.com/%D1%91/mail?of=%D1%91"},
	} {
		if got := c.record.Address(c.of); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestRecordIsCleanedAndChecked(t *testing.T) {
	r := mailstead.Record{Type: "Request", Key: " R-1 "}
	if err := r.Validate(); err != nil || r.Name != "R-1" || r.Type != "request" {
		t.Errorf("got %+v, %v; want the key as its name", r, err)
	}
	for code, r := range map[string]mailstead.Record{
		"input.name_needed":       {Type: "request"},
		"input.url":               {Type: "request", Name: "x", URL: "ftp://example.com/"},
		"input.control_character": {Type: "request", Name: "a\nb"},
		"input.type_key":          {Name: "x"},
	} {
		if got := mailstead.CodeOf(r.Validate()); got != code {
			t.Errorf("got %s, want %s", got, code)
		}
	}
}

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/record"
)

// Records keeps records and the mails that are linked to them.
type Records interface {
	Types(ctx context.Context, actor mailstead.Actor) ([]mailstead.RecordType, error)
	PutType(ctx context.Context, actor mailstead.Actor, t mailstead.RecordType) (mailstead.RecordType, error)
	DeleteType(ctx context.Context, actor mailstead.Actor, key string) error
	Records(ctx context.Context, actor mailstead.Actor, q mailstead.RecordQuery) ([]record.Viewed, error)
	Record(ctx context.Context, actor mailstead.Actor, id mailstead.RecordID) (record.Viewed, error)
	RecordByKey(ctx context.Context, actor mailstead.Actor, recordType, key string) (record.Viewed, error)
	Put(ctx context.Context, actor mailstead.Actor, r mailstead.Record) (record.Viewed, error)
	Create(ctx context.Context, actor mailstead.Actor, recordType, name string) (record.Viewed, error)
	Delete(ctx context.Context, actor mailstead.Actor, id mailstead.RecordID) error
}

func (h *Handler) recordRoutes() {
	const tag = "Records"
	add(h, route{
		method: http.MethodGet, path: "/record-types", id: "listRecordTypes", tag: tag,
		summary: "List the types of records",
		about:   "The kinds of things that mails are linked to. Requests, contacts and companies are there out of the box.",
	}, h.listRecordTypes)
	add(h, route{
		method: http.MethodPut, path: "/record-types/{type}", id: "putRecordType", tag: tag,
		summary: "Keep a type of records", about: "For administrators: makes a type, or changes the one with this key.",
		example: map[string]any{"name": "Order", "link_by_hand": true},
	}, h.putRecordType)
	add(h, route{
		method: http.MethodDelete, path: "/record-types/{type}", id: "deleteRecordType", tag: tag,
		summary: "Delete a type of records", about: "For administrators: refused while there are records of the type; the answer says how many.",
		status: http.StatusNoContent, errors: []int{http.StatusNotFound, http.StatusConflict},
	}, h.deleteRecordType)
	add(h, route{
		method: http.MethodGet, path: "/record-types/{type}/records/{key}", id: "getRecordByKey", tag: tag,
		summary: "Find a record by its key", about: "The key is what the business application calls the record.", errors: []int{http.StatusNotFound},
	}, h.getRecordByKey)
	add(h, route{
		method: http.MethodPut, path: "/record-types/{type}/records/{key}", id: "putRecord", tag: tag,
		summary: "Keep a record",
		about: "For administrators, and for the business application, which acts with the token of one: makes a record, or changes the one with this key. " +
			"Doing it twice is doing it once.",
		errors: []int{http.StatusNotFound}, example: map[string]any{"name": "Broken heating"},
	}, h.putRecord)
	add(h, route{
		method: http.MethodGet, path: "/records", id: "listRecords", tag: tag,
		summary: "Find records", about: "By name. Everybody who is signed in finds them.",
	}, h.listRecords)
	add(h, route{
		method: http.MethodPost, path: "/records", id: "createRecord", tag: tag,
		summary: "Make a record by name",
		about:   "It has no key. Users may where the type is linked by hand, administrators everywhere.",
		status:  http.StatusCreated, errors: []int{http.StatusNotFound}, example: map[string]any{"type": "request", "name": "Broken heating"},
	}, h.createRecord)
	add(h, route{
		method: http.MethodGet, path: "/records/{record}", id: "getRecord", tag: tag,
		summary: "Read a record", about: "With how many mails are linked to it.", errors: []int{http.StatusNotFound},
	}, h.getRecord)
	add(h, route{
		method: http.MethodDelete, path: "/records/{record}", id: "deleteRecord", tag: tag,
		summary: "Delete a record", about: "For administrators: refused while mails are linked to it; the answer says how many.",
		status: http.StatusNoContent, errors: []int{http.StatusNotFound, http.StatusConflict},
	}, h.deleteRecord)
}

// Record is a thing that mails are linked to.
type Record struct {
	ID        mailstead.RecordID `json:"id" doc:"Its number." example:"12"`
	Type      string             `json:"type" doc:"The key of its type." example:"request"`
	TypeName  string             `json:"type_name" doc:"What its type is called." example:"Request"`
	Key       string             `json:"key,omitempty" doc:"What the business application calls it; missing for a record that was made here."`
	Name      string             `json:"name" doc:"What people call it."`
	URL       string             `json:"url,omitempty" doc:"Its address in the business application."`
	Mails     int                `json:"mails" doc:"How many mails are linked to it."`
	CreatedAt time.Time          `json:"created_at" doc:"When it was first seen."`
}

func recordOf(v *record.Viewed) Record {
	return Record{
		ID: v.ID, Type: v.Type, TypeName: v.TypeName, Key: v.Key, Name: v.Name, URL: v.Address, Mails: v.Mails, CreatedAt: v.CreatedAt,
	}
}

type recordOutput struct{ Body Record }

// TypePath names a type of records.
type TypePath struct {
	Type string `path:"type" maxLength:"40" doc:"The key of the type." example:"request"`
}

// RecordPath names a record.
type RecordPath struct {
	Record mailstead.RecordID `path:"record" minimum:"1" doc:"The record." example:"12"`
}

// KeyPath names a record as the business application does.
type KeyPath struct {
	TypePath
	Key string `path:"key" maxLength:"200" doc:"What the business application calls the record." example:"R-1001"`
}

func (h *Handler) listRecordTypes(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*listOutput[mailstead.RecordType], error) {
	types, err := h.c.Records.Types(ctx, actor)
	return listOf(types), err
}

// RecordTypeFields are what is said of a type.
type RecordTypeFields struct {
	Name       string `json:"name" maxLength:"200" doc:"What people call it."`
	URL        string `json:"url,omitempty" maxLength:"2000" doc:"The address of a record in the business application, with {key} where its key stands."`
	LinkByHand bool   `json:"link_by_hand" doc:"Whether users may make records of the type and link mails to them."`
}

type putRecordTypeInput struct {
	TypePath
	Body RecordTypeFields
}

type recordTypeOutput struct{ Body mailstead.RecordType }

func (h *Handler) putRecordType(ctx context.Context, actor mailstead.Actor, in *putRecordTypeInput) (*recordTypeOutput, error) {
	b := &in.Body
	t, err := h.c.Records.PutType(ctx, actor, mailstead.RecordType{Key: in.Type, Name: b.Name, URL: b.URL, LinkByHand: b.LinkByHand})
	return &recordTypeOutput{t}, err
}

func (h *Handler) deleteRecordType(ctx context.Context, actor mailstead.Actor, in *TypePath) (*struct{}, error) {
	return nil, h.c.Records.DeleteType(ctx, actor, in.Type)
}

type listRecordsInput struct {
	PageParams
	Type   string `query:"type" maxLength:"40" doc:"Only records of this type." example:"request"`
	Search string `query:"q" maxLength:"200" doc:"Only records whose name or key holds these words; a word matches a beginning."`
}

func (h *Handler) listRecords(ctx context.Context, actor mailstead.Actor, in *listRecordsInput) (*pageOutput[Record], error) {
	q := mailstead.RecordQuery{Type: in.Type, Text: in.Search, Limit: in.Limit + 1}
	if err := decodeCursor(in.Cursor, &q.After); err != nil {
		return nil, err
	}
	list, err := h.c.Records.Records(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	after := make(map[mailstead.RecordID]mailstead.RecordPosition, len(list))
	out := make([]Record, len(list))
	for i := range list {
		out[i] = recordOf(&list[i])
		after[list[i].ID] = mailstead.RecordPosition{Name: list[i].NameKey(), ID: list[i].ID}
	}
	return pageOf(out, in.Limit, func(r Record) any { return after[r.ID] }), nil
}

// NewRecord is a record to be made by name.
type NewRecord struct {
	Type string `json:"type" maxLength:"40" doc:"The key of its type."`
	Name string `json:"name" maxLength:"200" doc:"What people call it."`
}

type createRecordInput struct{ Body NewRecord }

func (h *Handler) createRecord(ctx context.Context, actor mailstead.Actor, in *createRecordInput) (*recordOutput, error) {
	r, err := h.c.Records.Create(ctx, actor, in.Body.Type, in.Body.Name)
	return &recordOutput{recordOf(&r)}, err
}

func (h *Handler) getRecord(ctx context.Context, actor mailstead.Actor, in *RecordPath) (*recordOutput, error) {
	r, err := h.c.Records.Record(ctx, actor, in.Record)
	return &recordOutput{recordOf(&r)}, err
}

func (h *Handler) getRecordByKey(ctx context.Context, actor mailstead.Actor, in *KeyPath) (*recordOutput, error) {
	r, err := h.c.Records.RecordByKey(ctx, actor, in.Type, in.Key)
	return &recordOutput{recordOf(&r)}, err
}

// RecordFields are what the business application says of a record.
type RecordFields struct {
	Name string `json:"name,omitempty" maxLength:"200" doc:"What people call it; its key when empty."`
	URL  string `json:"url,omitempty" maxLength:"2000" doc:"Its address, where that does not follow from the type."`
}

type putRecordInput struct {
	KeyPath
	Body RecordFields
}

func (h *Handler) putRecord(ctx context.Context, actor mailstead.Actor, in *putRecordInput) (*recordOutput, error) {
	r, err := h.c.Records.Put(ctx, actor, mailstead.Record{Type: in.Type, Key: in.Key, Name: in.Body.Name, URL: in.Body.URL})
	return &recordOutput{recordOf(&r)}, err
}

func (h *Handler) deleteRecord(ctx context.Context, actor mailstead.Actor, in *RecordPath) (*struct{}, error) {
	return nil, h.c.Records.Delete(ctx, actor, in.Record)
}

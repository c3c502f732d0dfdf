package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/mailstead/mailstead"
)

// Events reads the event stream, see notify.Stream.
type Events interface {
	Events(ctx context.Context, actor mailstead.Actor, after mailstead.EventID, limit int) (events []mailstead.Event, next mailstead.EventID, err error)
	Last(ctx context.Context, actor mailstead.Actor) (mailstead.EventID, error)
	Subscribe() (ch <-chan struct{}, cancel func())
}

func (h *Handler) eventRoutes() {
	stream := h.operation(route{
		method: http.MethodGet, path: "/events", id: "streamEvents", tag: "Events",
		summary: "Follow what happens",
		about: "A stream of server-sent events that stays open. Each has the event's id as `id`, its type as `event` and the event in JSON as `data`. " +
			"A client that comes back gives the last id that it saw in the header `Last-Event-ID`, as browsers do by themselves, or in the parameter `after`, and misses nothing. " +
			"Without either the stream begins with what happens from now on; its first line gives the position. " +
			"You get what happens to accounts that you may use, to their mail where you may read it, and to mails that were sent for you. " +
			"Lines that begin with a colon are signs of life.",
		errors: []int{http.StatusTooManyRequests},
	})
	stream.Responses["200"] = &huma.Response{
		Description: "The stream",
		Content: map[string]*huma.MediaType{"text/event-stream": {
			Schema:  &huma.Schema{Type: huma.TypeString},
			Example: "id: 42\nevent: messages.new\ndata: {\"id\":42,\"at\":\"2026-03-01T09:30:00Z\",\"type\":\"messages.new\",\"account_id\":7,\"data\":{\"folder_id\":3,\"message_ids\":[118]}}\n\n",
		}},
	}
	huma.Register(h.huma, stream, h.streamEvents)
	add(h, route{
		method: http.MethodGet, path: "/events/list", id: "listEvents", tag: "Events",
		summary: "List what happened",
		about:   "The same events as those of the stream, oldest first, for clients that ask from time to time: give `next` back as `after`. Events are kept for some days.",
	}, h.listEvents)
}

type streamInput struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"20" pattern:"^[0-9]*$" doc:"The id of the last event that the client saw."`
	After       string `query:"after" maxLength:"20" pattern:"^[0-9]*$" doc:"The same for clients that cannot set the header, which comes first."`
}

// streamEvents finds out where the stream begins; what is wrong so far is answered
// as a problem.
func (h *Handler) streamEvents(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	s := &eventStream{h: h, actor: actorOf(ctx)}
	text := in.LastEventID
	if text == "" {
		text = in.After
	}
	if text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, h.problemOf(ctx, "streamEvents", mailstead.Invalid("after", "input.cursor", "This position in the event stream is not valid."))
		}
		s.after = mailstead.EventID(n)
	} else {
		last, err := h.c.Events.Last(ctx, s.actor)
		if err != nil {
			return nil, h.problemOf(ctx, "streamEvents", err)
		}
		s.after = last
	}
	// The first look tells whether the actor may read at all.
	first, next, err := h.c.Events.Events(ctx, s.actor, s.after, streamPage)
	if err != nil {
		return nil, h.problemOf(ctx, "streamEvents", err)
	}
	if !h.streams.begin(s.actor.User.ID) {
		return nil, h.problemOf(ctx, "streamEvents", &mailstead.Error{
			Kind: mailstead.KindThrottled, Code: "events.too_many_streams", Text: "Too many event streams are open for this user.",
		})
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) { //nolint:contextcheck // huma hands the request's context in by hc
		defer h.streams.end(s.actor.User.ID)
		r, w := humago.Unwrap(hc)
		s.run(w, r.WithContext(hc.Context()), first, next)
	}}, nil
}

type listEventsInput struct {
	After int64 `query:"after" minimum:"0" doc:"The position behind which the list begins."`
	Limit int   `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"The most events of the answer."`
}

// EventPage is a part of the event stream.
type EventPage struct {
	Items []mailstead.Event `json:"items" nullable:"false" doc:"The events, oldest first."`
	Next  mailstead.EventID `json:"next" doc:"The position behind the last event of this page: give it as after."`
}

type listEventsOutput struct{ Body EventPage }

func (h *Handler) listEvents(ctx context.Context, actor mailstead.Actor, in *listEventsInput) (*listEventsOutput, error) {
	events, next, err := h.c.Events.Events(ctx, actor, mailstead.EventID(in.After), in.Limit)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		events = []mailstead.Event{}
	}
	return &listEventsOutput{EventPage{Items: events, Next: next}}, nil
}

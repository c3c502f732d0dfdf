package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

// Demo is the sample mail service.
type Demo interface {
	Demo(ctx context.Context, actor mailstead.Actor) (mailstead.Demo, error)
	AddDemo(ctx context.Context, actor mailstead.Actor) (mailstead.Demo, error)
	RemoveDemo(ctx context.Context, actor mailstead.Actor) error
}

func (h *Handler) demoRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/demo", id: "getDemo", tag: "Demo",
		summary: "Read the state of the demo",
		about: "For administrators: whether the sample mail service runs, the addresses that can be tried with the password of each and what it shows, " +
			"and the accounts that are connected to it.",
	}, h.getDemo)
	add(h, route{
		method: http.MethodPut, path: "/demo", id: "addDemo", tag: "Demo",
		summary: "Add the demo",
		about: "For administrators: starts the sample mail service in this program and adds its provider and its domains, so that addresses such as " +
			"anna@demo.example can be connected like any other. It stays until it is removed, also over a restart.",
	}, h.addDemo)
	add(h, route{
		method: http.MethodDelete, path: "/demo", id: "removeDemo", tag: "Demo",
		summary: "Remove the demo", status: http.StatusNoContent, errors: []int{http.StatusConflict},
		about: "For administrators: deletes the accounts that are connected to the demo with their mail, cancels what they had to send, removes the " +
			"demo's provider and domains and stops its servers.",
	}, h.removeDemo)
}

type demoOutput struct{ Body mailstead.Demo }

func (h *Handler) getDemo(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*demoOutput, error) {
	d, err := h.c.Demo.Demo(ctx, actor)
	return &demoOutput{d}, err
}

func (h *Handler) addDemo(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*demoOutput, error) {
	d, err := h.c.Demo.AddDemo(ctx, actor)
	return &demoOutput{d}, err
}

func (h *Handler) removeDemo(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*struct{}, error) {
	return nil, h.c.Demo.RemoveDemo(ctx, actor)
}

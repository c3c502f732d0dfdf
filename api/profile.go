package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

// Sharing says who may use which account.
type Sharing interface {
	CreateProfile(ctx context.Context, actor mailstead.Actor, name string) (mailstead.Profile, error)
	Profiles(ctx context.Context, actor mailstead.Actor) ([]mailstead.Profile, error)
	DeleteProfile(ctx context.Context, actor mailstead.Actor, id mailstead.ProfileID) error
	Assign(ctx context.Context, actor mailstead.Actor, a mailstead.Assignment) (mailstead.Assignment, error)
	Assignments(ctx context.Context, actor mailstead.Actor, account mailstead.AccountID) ([]mailstead.Assignment, error)
	AssignedAccounts(ctx context.Context, actor mailstead.Actor, user mailstead.UserID, profile mailstead.ProfileID) ([]mailstead.Assigned, error)
	DeleteAssignment(ctx context.Context, actor mailstead.Actor, id mailstead.AssignmentID) error
	SetSystemAccount(ctx context.Context, actor mailstead.Actor, account mailstead.AccountID) error
}

func (h *Handler) profileRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/profiles", id: "createProfile", tag: "Sharing",
		summary: "Create a profile", about: "For administrators. A profile is a role of the business application; users get it with `PATCH /users/{id}`.",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		example: map[string]any{"name": "Sales"},
	}, h.createProfile)
	add(h, route{
		method: http.MethodGet, path: "/profiles", id: "listProfiles", tag: "Sharing",
		summary: "List profiles", about: "For administrators.",
	}, h.listProfiles)
	add(h, route{
		method: http.MethodDelete, path: "/profiles/{id}", id: "deleteProfile", tag: "Sharing",
		summary: "Delete a profile", about: "For administrators. Everyone who has it loses it.",
		errors: []int{http.StatusNotFound, http.StatusConflict},
	}, h.deleteProfile)
}

// NewProfile is a profile to be created.
type NewProfile struct {
	Name string `json:"name" maxLength:"200" doc:"The profile's name."`
}

type (
	createProfileInput struct{ Body NewProfile }
	profileOutput      struct{ Body mailstead.Profile }
)

func (h *Handler) createProfile(ctx context.Context, actor mailstead.Actor, in *createProfileInput) (*profileOutput, error) {
	p, err := h.c.Sharing.CreateProfile(ctx, actor, in.Body.Name)
	return &profileOutput{p}, err
}

func (h *Handler) listProfiles(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*listOutput[mailstead.Profile], error) {
	profiles, err := h.c.Sharing.Profiles(ctx, actor)
	return listOf(profiles), err
}

type deleteProfileInput struct {
	ID mailstead.ProfileID `path:"id" minimum:"1" doc:"The profile."`
}

func (h *Handler) deleteProfile(ctx context.Context, actor mailstead.Actor, in *deleteProfileInput) (*struct{}, error) {
	return nil, h.c.Sharing.DeleteProfile(ctx, actor, in.ID)
}

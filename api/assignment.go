package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

func (h *Handler) assignmentRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/assignments", id: "createAssignment", tag: "Sharing",
		summary: "Assign an account", about: "For administrators: gives an account to a user or to a profile, with what they may do with it.",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		example: map[string]any{"account_id": 7, "profile_id": 2, "rights": []any{"read", "send"}, "priority": 10},
	}, h.createAssignment)
	add(h, route{
		method: http.MethodGet, path: "/assignments", id: "listAssignments", tag: "Sharing",
		summary: "List the assignments of an account, a user or a profile",
		about: "Of one of them: of an account for those who may manage it; of a user or a profile for administrators, each with its account, " +
			"in the order in which they would send.",
		errors: []int{http.StatusNotFound},
	}, h.listAssignments)
	add(h, route{
		method: http.MethodDelete, path: "/assignments/{id}", id: "deleteAssignment", tag: "Sharing",
		summary: "Take an assignment away", about: "For administrators.", errors: []int{http.StatusNotFound},
	}, h.deleteAssignment)
	add(h, route{
		method: http.MethodPut, path: "/system-account", id: "setSystemAccount", tag: "Sharing",
		summary: "Set the system's account",
		about:   "For administrators. It sends when neither the user nor a profile has an account that can; 0 means none.",
		status:  http.StatusNoContent, errors: []int{http.StatusConflict},
		example: map[string]any{"account_id": 7},
	}, h.setSystemAccount)
}

// NewAssignment is an assignment to be made.
type NewAssignment struct {
	AccountID mailstead.AccountID `json:"account_id" minimum:"1" doc:"The account."`
	UserID    mailstead.UserID    `json:"user_id,omitempty" minimum:"0" doc:"The user who gets it; either this or a profile."`
	ProfileID mailstead.ProfileID `json:"profile_id,omitempty" minimum:"0" doc:"The profile that gets it; either this or a user."`
	Rights    []mailstead.Right   `json:"rights" minItems:"1" maxItems:"3" nullable:"false" doc:"What the assignment allows."`
	Priority  int                 `json:"priority,omitempty" minimum:"0" maximum:"1000" doc:"Orders accounts of the same level; the lowest number wins."`
}

type (
	createAssignmentInput struct{ Body NewAssignment }
	assignmentOutput      struct{ Body mailstead.Assignment }
)

func (h *Handler) createAssignment(ctx context.Context, actor mailstead.Actor, in *createAssignmentInput) (*assignmentOutput, error) {
	b := &in.Body
	a, err := h.c.Sharing.Assign(ctx, actor, mailstead.Assignment{
		AccountID: b.AccountID, UserID: b.UserID, ProfileID: b.ProfileID, Rights: b.Rights, Priority: b.Priority,
	})
	return &assignmentOutput{a}, err
}

type listAssignmentsInput struct {
	Account mailstead.AccountID `query:"account" minimum:"0" doc:"The account; either this, a user or a profile." example:"7"`
	User    mailstead.UserID    `query:"user" minimum:"0" doc:"The user who was given accounts."`
	Profile mailstead.ProfileID `query:"profile" minimum:"0" doc:"The profile that was given accounts."`
}

// AssignmentItem is an assignment, with its account in the list of a user or a profile.
type AssignmentItem struct {
	mailstead.Assignment
	Account *AccountItem `json:"account,omitempty" doc:"The account, in the list of a user or a profile."`
}

func (h *Handler) listAssignments(ctx context.Context, actor mailstead.Actor, in *listAssignmentsInput) (*listOutput[AssignmentItem], error) {
	named := 0
	for _, given := range []bool{in.Account != 0, in.User != 0, in.Profile != 0} {
		if given {
			named++
		}
	}
	if named != 1 {
		return nil, mailstead.Invalid("account", "input.assignments_of", "Ask for the assignments of one account, one user or one profile.")
	}
	items := []AssignmentItem{}
	if in.Account != 0 {
		assignments, err := h.c.Sharing.Assignments(ctx, actor, in.Account)
		for _, a := range assignments {
			items = append(items, AssignmentItem{Assignment: a})
		}
		return listOf(items), err
	}
	given, err := h.c.Sharing.AssignedAccounts(ctx, actor, in.User, in.Profile)
	for i := range given {
		account := accountItem(given[i].Account)
		items = append(items, AssignmentItem{given[i].Assignment, &account})
	}
	return listOf(items), err
}

type deleteAssignmentInput struct {
	ID mailstead.AssignmentID `path:"id" minimum:"1" doc:"The assignment."`
}

func (h *Handler) deleteAssignment(ctx context.Context, actor mailstead.Actor, in *deleteAssignmentInput) (*struct{}, error) {
	return nil, h.c.Sharing.DeleteAssignment(ctx, actor, in.ID)
}

type setSystemAccountInput struct{ Body AccountChoice }

func (h *Handler) setSystemAccount(ctx context.Context, actor mailstead.Actor, in *setSystemAccountInput) (*struct{}, error) {
	return nil, h.c.Sharing.SetSystemAccount(ctx, actor, in.Body.AccountID)
}

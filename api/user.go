package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// People keeps users and the tokens of their applications.
type People interface {
	CreateUser(ctx context.Context, actor mailstead.Actor, u mailstead.User, password mailstead.Secret) (mailstead.User, error)
	Users(ctx context.Context, actor mailstead.Actor, after mailstead.UserID, limit int) ([]mailstead.User, error)
	User(ctx context.Context, actor mailstead.Actor, id mailstead.UserID) (mailstead.User, error)
	UpdateUser(ctx context.Context, actor mailstead.Actor, id mailstead.UserID, c admin.UserChanges) (mailstead.User, error)
	SetPassword(ctx context.Context, actor mailstead.Actor, c admin.PasswordChange) error
	SetDefaultAccount(ctx context.Context, actor mailstead.Actor, id mailstead.UserID, account mailstead.AccountID) error
	CreateToken(ctx context.Context, actor mailstead.Actor, r admin.TokenRequest) (mailstead.Token, mailstead.Secret, error)
	Tokens(ctx context.Context, actor mailstead.Actor, user mailstead.UserID) ([]mailstead.Token, error)
	DeleteToken(ctx context.Context, actor mailstead.Actor, id mailstead.TokenID, user mailstead.UserID) error
}

func (h *Handler) userRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/users", id: "createUser", tag: "Users",
		summary: "Create a user",
		about:   "For administrators. A user without a password cannot sign in, but applications can send for it.",
		status:  http.StatusCreated, errors: []int{http.StatusConflict},
		example: map[string]any{"name": "Bruno Bianchi", "email": "bruno@example.com", "role": "user", "password": "correct horse battery staple"},
	}, h.createUser)
	add(h, route{
		method: http.MethodGet, path: "/users", id: "listUsers", tag: "Users",
		summary: "List users", about: "For administrators.",
	}, h.listUsers)
	add(h, route{
		method: http.MethodGet, path: "/users/{id}", id: "getUser", tag: "Users",
		summary: "Read a user", about: "Yourself, or anyone for administrators.", errors: []int{http.StatusNotFound},
	}, h.getUser)
	add(h, route{
		method: http.MethodPatch, path: "/users/{id}", id: "updateUser", tag: "Users",
		summary: "Change a user",
		about:   "Fields that are left out stay as they are. People may change their own name, administrators everything. The last administrator stays one.",
		errors:  []int{http.StatusNotFound, http.StatusConflict},
		example: map[string]any{"profile_ids": []any{2}},
	}, h.updateUser)
	add(h, route{
		method: http.MethodPut, path: "/users/{id}/password", id: "setUserPassword", tag: "Users",
		summary: "Set the password of a user",
		about:   "People give their present password to change their own; administrators set anyone else's. All sessions of the user end.",
		status:  http.StatusNoContent,
		errors:  []int{http.StatusNotFound, http.StatusTooManyRequests},
		example: map[string]any{"current": "the present one", "password": "correct horse battery staple"},
	}, h.setUserPassword)
	add(h, route{
		method: http.MethodPut, path: "/users/{id}/default-account", id: "setDefaultAccount", tag: "Users",
		summary: "Set the account that a user prefers", about: "The user must be able to send from it; 0 means no preference.",
		status: http.StatusNoContent, errors: []int{http.StatusNotFound},
		example: map[string]any{"account_id": 7},
	}, h.setDefaultAccount)
}

// NewUser is a user to be created.
type NewUser struct {
	Name        string                   `json:"name,omitempty" maxLength:"200" doc:"The user's name; the part of the address before the @ when empty."`
	Email       string                   `json:"email" maxLength:"320" doc:"The address to sign in with."`
	Role        mailstead.Role           `json:"role,omitempty" doc:"What the user may do; user when empty."`
	Password    mailstead.Secret         `json:"password,omitzero" doc:"The password to sign in with; a user without one cannot sign in."`
	OwnAccounts mailstead.AccountFreedom `json:"own_accounts,omitempty" doc:"What the user may change of the accounts that it manages; empty for what the policies say."`
}

type createUserInput struct{ Body NewUser }

type createUserOutput struct {
	Location string `header:"Location" doc:"The address of the user."`
	Body     mailstead.User
}

func (h *Handler) createUser(ctx context.Context, actor mailstead.Actor, in *createUserInput) (*createUserOutput, error) {
	b := &in.Body
	u, err := h.c.People.CreateUser(ctx, actor, mailstead.User{Name: b.Name, Email: b.Email, Role: b.Role, OwnAccounts: b.OwnAccounts}, b.Password)
	return &createUserOutput{Location: h.c.outside() + "/users/" + u.ID.String(), Body: u}, err
}

type listUsersInput struct{ PageParams }

func (h *Handler) listUsers(ctx context.Context, actor mailstead.Actor, in *listUsersInput) (*pageOutput[mailstead.User], error) {
	var after mailstead.UserID
	if err := decodeCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	users, err := h.c.People.Users(ctx, actor, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return pageOf(users, in.Limit, func(u mailstead.User) any { return u.ID }), nil
}

// UserPath names a user.
type UserPath struct {
	ID mailstead.UserID `path:"id" minimum:"1" doc:"The user." example:"4"`
}

type userOutput struct{ Body mailstead.User }

func (h *Handler) getUser(ctx context.Context, actor mailstead.Actor, in *UserPath) (*userOutput, error) {
	u, err := h.c.People.User(ctx, actor, in.ID)
	return &userOutput{u}, err
}

// UserChanges is what to change of a user.
type UserChanges struct {
	Name        *string                   `json:"name,omitempty" maxLength:"200" doc:"The user's name."`
	Email       *string                   `json:"email,omitempty" maxLength:"320" doc:"The address to sign in with."`
	Role        *mailstead.Role           `json:"role,omitempty" doc:"What the user may do."`
	Disabled    *bool                     `json:"disabled,omitempty" doc:"Whether the user is switched off."`
	ProfileIDs  *[]mailstead.ProfileID    `json:"profile_ids,omitempty" maxItems:"200" doc:"The profiles that the user has."`
	OwnAccounts *mailstead.AccountFreedom `json:"own_accounts,omitempty" doc:"What the user may change of the accounts that it manages; empty for what the policies say."`
}

type updateUserInput struct {
	UserPath
	Body UserChanges
}

func (h *Handler) updateUser(ctx context.Context, actor mailstead.Actor, in *updateUserInput) (*userOutput, error) {
	b := &in.Body
	u, err := h.c.People.UpdateUser(ctx, actor, in.ID, admin.UserChanges{
		Name: b.Name, Email: b.Email, Role: b.Role, Disabled: b.Disabled, Profiles: b.ProfileIDs, OwnAccounts: b.OwnAccounts,
	})
	return &userOutput{u}, err
}

// PasswordChange is a new password of a user.
type PasswordChange struct {
	Current  mailstead.Secret `json:"current,omitzero" doc:"The present password, for people who change their own."`
	Password mailstead.Secret `json:"password" doc:"The new password."`
}

type setUserPasswordInput struct {
	UserPath
	Body PasswordChange
}

func (h *Handler) setUserPassword(ctx context.Context, actor mailstead.Actor, in *setUserPasswordInput) (*struct{}, error) {
	return nil, h.c.People.SetPassword(ctx, actor, admin.PasswordChange{UserID: in.ID, Current: in.Body.Current, New: in.Body.Password})
}

// AccountChoice names an account.
type AccountChoice struct {
	AccountID mailstead.AccountID `json:"account_id" minimum:"0" doc:"The account; 0 means none."`
}

type setDefaultAccountInput struct {
	UserPath
	Body AccountChoice
}

func (h *Handler) setDefaultAccount(ctx context.Context, actor mailstead.Actor, in *setDefaultAccountInput) (*struct{}, error) {
	return nil, h.c.People.SetDefaultAccount(ctx, actor, in.ID, in.Body.AccountID)
}

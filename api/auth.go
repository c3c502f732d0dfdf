package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/mailstead/mailstead"
)

// The session cookie. The prefix __Host- makes browsers refuse it without Secure,
// with a Domain or from another path (RFC 6265bis section 4.1.3.2); over plain http
// on the own machine there can be no such cookie.
const (
	secureCookie = "__Host-mailstead"
	plainCookie  = "mailstead_session"
)

func cookieName(secure bool) string {
	if secure {
		return secureCookie
	}
	return plainCookie
}

func sessionCookie(r *http.Request, secure bool) mailstead.Secret {
	c, err := r.Cookie(cookieName(secure))
	if err != nil {
		return mailstead.Secret{}
	}
	return mailstead.NewSecret(c.Value)
}

// cookieLife is how long browsers keep the cookie, the longest that they allow
// (RFC 6265bis section 5.5): when a session ends is for the service to say, and use
// prolongs it.
const cookieLife = 400 * 24 * time.Hour

// newCookie returns the cookie that holds token; the zero Secret makes browsers
// forget theirs.
func newCookie(secure bool, token mailstead.Secret) http.Cookie {
	c := http.Cookie{ //nolint:gosec // Secure is set wherever people come by https
		Name: cookieName(secure), Value: token.Reveal(), Path: "/", MaxAge: int(cookieLife.Seconds()),
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if token.IsZero() {
		c.MaxAge = -1
	}
	return c
}

// bearerToken reads the header Authorization (RFC 6750 section 2.1).
func bearerToken(r *http.Request) mailstead.Secret {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return mailstead.Secret{}
	}
	return mailstead.NewSecret(strings.TrimSpace(token))
}

type actorKey struct{}

// actorOf returns who asks; the zero Actor, who may do nothing, on routes that are
// open to all.
func actorOf(ctx context.Context) mailstead.Actor {
	a, _ := ctx.Value(actorKey{}).(mailstead.Actor)
	return a
}

// signedIn is the huma middleware of routes that need a sign-in. It runs before the
// body is read.
func (h *Handler) signedIn(ctx huma.Context, next func(huma.Context)) {
	actor, err := h.authenticate(ctx.Context())
	if err != nil {
		r, w := humago.Unwrap(ctx)
		h.writeProblem(w, r, err)
		return
	}
	next(huma.WithValue(ctx, actorKey{}, actor))
}

// authenticate finds out who asks.
func (h *Handler) authenticate(ctx context.Context) (mailstead.Actor, error) {
	r := requestOf(ctx)
	if r.operator {
		return h.operatorFor(ctx, r.header.Get("Mailstead-User"))
	}
	if r.cookie.IsZero() && r.bearer.IsZero() {
		return mailstead.Actor{}, &mailstead.Error{Kind: mailstead.KindUnauthenticated, Code: "signin.required", Text: "Sign in first."}
	}
	return h.c.Gate.Authenticate(ctx, r.cookie, r.bearer)
}

// operatorFor returns the operator, or the user whose id or address the operator
// named.
func (h *Handler) operatorFor(ctx context.Context, who string) (mailstead.Actor, error) {
	operator := mailstead.Actor{Operator: true}
	if who == "" {
		return operator, nil
	}
	user, err := h.userNamed(ctx, operator, who)
	if err != nil {
		return mailstead.Actor{}, err
	}
	if user.Disabled {
		return mailstead.Actor{}, &mailstead.Error{Kind: mailstead.KindForbidden, Code: "user.disabled", Text: "This user is switched off."}
	}
	return mailstead.Actor{User: user, ByOperator: true}, nil
}

// userNamed finds a user by id or address.
func (h *Handler) userNamed(ctx context.Context, actor mailstead.Actor, who string) (mailstead.User, error) {
	if id, err := strconv.ParseInt(who, 10, 64); err == nil {
		return h.c.People.User(ctx, actor, mailstead.UserID(id))
	}
	var after mailstead.UserID
	for {
		users, err := h.c.People.Users(ctx, actor, after, maxLimit)
		if err != nil {
			return mailstead.User{}, err
		}
		for i := range users {
			if strings.EqualFold(users[i].Email, who) {
				return users[i], nil
			}
		}
		if len(users) == 0 {
			return mailstead.User{}, mailstead.NotFound("user")
		}
		after = users[len(users)-1].ID
	}
}

// isUnauthenticated reports whether err says that nobody is signed in.
func isUnauthenticated(err error) bool {
	var e *mailstead.Error
	return errors.As(err, &e) && e.Kind == mailstead.KindUnauthenticated
}

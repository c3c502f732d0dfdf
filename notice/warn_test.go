package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/notice"
)

const day = 24 * time.Hour

// slowly sweeps every six hours, so that months pass soon.
func slowly(c *notice.Config) { c.SweepEvery = 6 * time.Hour }

// withPassword stores an account of a provider with a password of a person.
func (h *house) withPassword(owner mailstead.UserID, provider mailstead.ProviderID, sealed string) *mailstead.Account {
	h.t.Helper()
	a, _, err := h.db.AccountFor(h.t.Context(), h.account(owner), owner)
	h.must(err)
	a.ProviderID = provider
	h.store(&a, sealed)
	return &a
}

func (h *house) store(a *mailstead.Account, sealed string) {
	h.t.Helper()
	secrets := map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: mailstead.Sealed(sealed)}
	h.must(h.db.UpdateAccount(h.t.Context(), a, secrets, audited, nil))
}

// warned returns the days of the notice that a user has, 0 for none.
func (h *house) warned(u mailstead.User) int {
	h.t.Helper()
	switch all := h.notices(u); {
	case len(all) == 0:
		return 0
	case len(all) > 1 || all[0].Kind != mailstead.NoticeEnds:
		h.t.Fatalf("notices of %s = %+v, want one of an end", u.Name, all)
		return 0
	default:
		return all[0].Credential.Warn
	}
}

func TestTheEndOfAPasswordIsToldThreeTimes(t *testing.T) {
	inside(t, func(t *testing.T, h *house) {
		p := mailstead.Provider{
			ID: "own-x", Name: "X", PasswordDays: 90, Outgoing: []mailstead.Server{{Protocol: mailstead.SMTP, Host: "x.example", Port: 465, Security: mailstead.SecurityTLS}},
		}
		h.must(h.db.CreateProvider(t.Context(), &p, audited))
		anna, ada := h.user("anna", mailstead.RoleUser), h.user("ada", mailstead.RoleAdmin)
		a := h.withPassword(anna.ID, p.ID, "first")
		// Another provider's passwords never end.
		h.withPassword(anna.ID, "own-y", "first")
		h.build(slowly)
		h.start()
		var days []int
		for now := 0; now <= 95; now++ {
			if warn := h.warned(anna); warn != 0 {
				days = append(days, now, warn)
				h.must(h.s.Read(t.Context(), mailstead.Actor{User: anna}, h.notices(anna)[0].ID))
			}
			if now == 40 {
				// A change that keeps the password keeps its age.
				a.Note = "changed"
				h.store(a, "first")
			}
			time.Sleep(day)
		}
		if want := []int{61, 30, 84, 7, 90, 1}; !slices.Equal(days, want) {
			t.Errorf("told at day, of days = %v, want %v", days, want)
		}
		mails := h.post.sent()
		if len(mails) != 3 || mails[0].To[0] != anna.Email || mails[0].Subject != "Sign-in ends soon: box1@example.com" ||
			!strings.Contains(mails[0].Text, "Passwords work for some days at this provider: enter a new one before.") {
			t.Errorf("mails = %+v, want three to Anna", mails)
		}
		h.store(a, "second")
		time.Sleep(day)
		if h.warned(anna) != 0 || h.warned(ada) != 0 {
			t.Error("a notice is left of a password that was renewed")
		}
		time.Sleep(62 * day)
		if got := h.warned(anna); got != 30 {
			t.Errorf("of the new password Anna is told %d days ahead, want 30", got)
		}
	})
}

func TestTheEndsOfAppsAndGrantsAreTold(t *testing.T) {
	inside(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		anna, ada := h.user("anna", mailstead.RoleUser), h.user("ada", mailstead.RoleAdmin)
		now := time.Now()
		app := mailstead.OAuthApp{
			Key: "k", Name: "Login", Service: "microsoft", Kind: mailstead.OAuthPerson, ClientID: "c", Scopes: []string{"mail"},
			ProviderIDs: []mailstead.ProviderID{"microsoft365"}, Active: true, SecretExpires: now.AddDate(0, 0, 200).Format(time.DateOnly),
		}
		h.must(h.db.CreateOAuthApp(ctx, &app, mailstead.Sealed("secret"), audited))
		signedIn := func(owner mailstead.UserID) *mailstead.Account {
			a, _, err := h.db.AccountFor(ctx, h.account(owner), owner)
			h.must(err)
			for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
				side.Secret, side.OAuth, side.Enabled = mailstead.SecretOAuth, true, false
			}
			g := mailstead.OAuthGrant{AppID: app.ID, Sealed: mailstead.Sealed("tokens"), GrantedAt: now, RefreshedAt: now}
			h.must(h.db.SignInAccount(ctx, mailstead.AccountChange{Account: &a, Secrets: map[mailstead.SecretField]mailstead.Sealed{}, Audit: audited}, &g))
			return &a
		}
		own := signedIn(anna.ID)
		h.build(slowly)
		h.start()
		time.Sleep(59 * day)
		if h.warned(anna) != 0 || h.warned(ada) != 0 {
			t.Fatal("somebody was told too early")
		}
		time.Sleep(2 * day)
		if h.warned(anna) != 30 || h.warned(ada) != 0 {
			t.Fatal("Anna was not told that the service forgets her sign-in")
		}
		g, err := h.db.OAuthGrant(ctx, own.ID)
		h.must(err)
		g.RefreshedAt = time.Now()
		h.must(h.db.RenewOAuthGrant(ctx, &g))
		time.Sleep(day)
		if h.warned(anna) != 0 {
			t.Error("Anna is told of a sign-in that was renewed")
		}
		// The secret of the app concerns administrators alone.
		time.Sleep(time.Until(now.AddDate(0, 0, 172)))
		h.must(h.db.DropWarnings(ctx, []mailstead.CredentialOf{{AccountID: own.ID}}))
		if all := h.notices(ada); h.warned(ada) != 30 || all[0].AppID != app.ID || all[0].Name != "Login" {
			t.Errorf("Ada's notices = %+v, want one of the app", all)
		}
		if all := h.notices(anna); len(all) > 0 && all[0].AppID != 0 {
			t.Errorf("Anna's notices = %+v, want none of the app", all)
		}
		app.SecretExpires = now.AddDate(0, 0, 500).Format(time.DateOnly)
		h.must(h.db.UpdateOAuthApp(ctx, &app, nil, audited))
		time.Sleep(day)
		if all := h.notices(ada); len(all) != 0 {
			t.Errorf("Ada's notices = %+v, want none: the secret is new", all)
		}
	})
}

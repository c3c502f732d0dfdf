package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// warnings returns what people were told of.
func (k *kit) warnings() []mailstead.Warning {
	k.t.Helper()
	all, err := k.db.Warnings(k.t.Context())
	k.ok(err)
	return all
}

func (k *kit) tellWarnings(told ...mailstead.WarningTold) {
	k.t.Helper()
	k.ok(k.db.TellWarnings(k.t.Context(), told))
}

// secured stores an account of a provider with a password.
func (k *kit) secured(name string, provider mailstead.ProviderID) *mailstead.Account {
	k.t.Helper()
	a := k.newAccount(name, 0)
	a.ProviderID = provider
	secrets := map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretIncoming: mailstead.Sealed("in"), mailstead.SecretOutgoing: mailstead.Sealed("out")}
	_, err := k.db.ConnectAccount(k.t.Context(), mailstead.Connected{Account: a, Secrets: secrets, Audit: audited})
	k.ok(err)
	return a
}

var warningTests = map[string]func(*testing.T, *kit){
	"people are told of the end of a credential until it is renewed": func(t *testing.T, k *kit) {
		ctx := t.Context()
		ada, anna := k.user("ada"), k.user("anna")
		app, a := k.app("login"), k.account("box", anna.ID)
		end := start.Add(20 * 24 * time.Hour)
		ofApp := mailstead.Warning{CredentialOf: mailstead.CredentialOf{AppID: app.ID}, EndsAt: end, Reason: mailstead.CredentialAppSecret, Warn: 30}
		ofBox := mailstead.Warning{CredentialOf: mailstead.CredentialOf{AccountID: a.ID}, EndsAt: end, Reason: mailstead.CredentialIdle, Warn: 30}
		k.tellWarnings(
			mailstead.WarningTold{Warning: ofApp, Users: []mailstead.UserID{ada.ID}, MailAt: start},
			mailstead.WarningTold{Warning: ofBox, Users: []mailstead.UserID{anna.ID}},
		)
		k.same("warnings", k.warnings(), []mailstead.Warning{ofApp, ofBox})
		adas, annas := k.notices(ada.ID), k.notices(anna.ID)
		k.same("Ada's", adas, []mailstead.Notice{{
			ID: adas[0].ID, UserID: ada.ID, Kind: mailstead.NoticeEnds, AppID: app.ID, Name: "login", Since: start, CreatedAt: start,
			Credential: &mailstead.Credential{EndsAt: end, Reason: mailstead.CredentialAppSecret, Warn: 30},
		}})
		k.same("Anna's", annas, []mailstead.Notice{{
			ID: annas[0].ID, UserID: anna.ID, Kind: mailstead.NoticeEnds, AccountID: a.ID, Name: a.Name, Address: a.Address, Since: start, CreatedAt: start,
			Credential: &mailstead.Credential{EndsAt: end, Reason: mailstead.CredentialIdle, Warn: 30},
		}})
		k.same("a mail is due", k.gather(start, start), true)
		k.same("mails", k.gathered(), []mailstead.NoticeBatch{{UserID: ada.ID, Batch: start.UnixMilli(), Notices: adas}})

		k.ok(k.db.ReadNotice(ctx, anna.ID, annas[0].ID))
		k.same("read", k.notices(anna.ID), []mailstead.Notice(nil))
		ofBox.Warn = 7
		k.tellWarnings(mailstead.WarningTold{Warning: ofBox, Users: []mailstead.UserID{anna.ID}})
		k.same("told anew", k.notices(anna.ID)[0].Credential.Warn, 7)
		k.same("warnings", k.warnings(), []mailstead.Warning{ofApp, ofBox})

		k.ok(k.db.DropWarnings(ctx, []mailstead.CredentialOf{ofBox.CredentialOf, ofApp.CredentialOf}))
		k.same("renewed", k.warnings(), []mailstead.Warning(nil))
		k.same("all notices", k.notices(0), []mailstead.Notice(nil))
	},
	"a warning goes with what it warns of": func(t *testing.T, k *kit) {
		anna := k.user("anna")
		app, a := k.app("login"), k.account("box", 0)
		tell := func() {
			for _, of := range []mailstead.CredentialOf{{AppID: app.ID}, {AccountID: a.ID}} {
				w := mailstead.Warning{CredentialOf: of, EndsAt: start, Reason: mailstead.CredentialAge, Warn: 1}
				k.tellWarnings(mailstead.WarningTold{Warning: w, Users: []mailstead.UserID{anna.ID}})
			}
		}
		tell()
		k.ok(k.db.DeleteOAuthApp(t.Context(), app.ID, audited))
		k.removed(a.ID)
		k.same("notices", k.notices(anna.ID), []mailstead.Notice(nil))
		tell()
		k.same("notices of what is gone", k.notices(anna.ID), []mailstead.Notice(nil))
		k.same("warnings", k.warnings(), []mailstead.Warning(nil))
	},
	"grants at rest and old passwords are found page by page": func(t *testing.T, k *kit) {
		ctx := t.Context()
		app := k.app("login")
		one, _ := k.granted("one", app)
		two, _ := k.granted("two", app)
		gone, _ := k.granted("gone", app)
		k.removed(gone.ID)
		early := start.Add(-time.Millisecond)
		none, err := k.db.GrantsAtRest(ctx, early, 0, 10)
		k.ok(err)
		k.same("renewed since", len(none), 0)
		var grants []mailstead.AccountGrant
		for after := mailstead.AccountID(0); ; {
			page, err := k.db.GrantsAtRest(ctx, start, after, 1)
			k.ok(err)
			if len(page) == 0 {
				break
			}
			grants, after = append(grants, page...), page[0].Account.ID
		}
		k.same("grants", len(grants), 2)
		k.same("first", []any{grants[0].Account.Address, grants[0].AppID, grants[0].RefreshedAt}, []any{one.Address, app.ID, start})
		k.same("second", grants[1].Account.ID, two.ID)

		old, other := k.secured("old", "own-x"), k.secured("other", "own-y")
		passwords, err := k.db.PasswordsSetBefore(ctx, "own-x", start, 0, 10)
		k.ok(err)
		k.same("passwords", len(passwords), 1)
		k.same("old", []any{passwords[0].Account.ID, passwords[0].Account.Address, passwords[0].SetAt}, []any{old.ID, old.Address, start})
		for what, find := range map[string]func() ([]mailstead.AccountPassword, error){
			"entered since": func() ([]mailstead.AccountPassword, error) {
				return k.db.PasswordsSetBefore(ctx, "own-x", early, 0, 10)
			},
			"behind": func() ([]mailstead.AccountPassword, error) {
				return k.db.PasswordsSetBefore(ctx, "own-x", start, old.ID, 10)
			},
		} {
			found, err := find()
			k.ok(err)
			k.same(what, len(found), 0)
		}
		at, err := k.db.PasswordSetAt(ctx, other.ID)
		k.ok(err)
		k.same("entered", at, start)
		at, err = k.db.PasswordSetAt(ctx, one.ID)
		k.ok(err)
		k.same("no password", at, time.Time{})
	},
}

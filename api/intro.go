package api

import "github.com/danielgtaylor/huma/v2"

// intro is the beginning of the documentation, in CommonMark.
const intro = `Everything that Mailstead's pages can do, for programs.

**Sign-in.** Send a token with every request: ` + "`Authorization: Bearer mst_…`" + `. Tokens are made with ` + "`POST /tokens`" + ` and do what their scopes and their user allow. Browsers use the cookie that ` + "`POST /session`" + ` sets; requests that a browser sends from another site are refused.

**Errors** are problem documents (RFC 9457, ` + "`application/problem+json`" + `): ` + "`detail`" + ` is a sentence for people, ` + "`code`" + ` a stable word for programs, ` + "`field`" + ` the input at fault, ` + "`request_id`" + ` names the request in the service's log.

**Pages.** Lists answer ` + "`{items, next}`" + `. Give ` + "`next`" + ` back as ` + "`cursor`" + ` for the next page; on the last page it is missing. Cursors are opaque.

**Times** are RFC 3339, in UTC. **Identifiers** are numbers.

**What happens** is told by ` + "`GET /events`" + `, an ordered stream that a client can resume where it stopped.`

// tags are the chapters of the documentation, in order.
func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: "Sign-in", Description: "The first administrator, sessions of browsers, tokens of applications."},
		{Name: "Users", Description: "The people who use Mailstead, or for whom an application sends."},
		{Name: "Connect", Description: "From an address to a connected account: recognise, test, save."},
		{Name: "Accounts", Description: "The accounts that are connected."},
		{Name: "Sharing", Description: "Who may use which account: profiles, assignments, the system's account."},
		{Name: "Providers and domains", Description: "What is known about mail services."},
		{Name: "Policies", Description: "The rules that administrators set for everybody."},
		{Name: "OAuth", Description: "Sign-in on the provider's own page instead of a password: the apps of this installation, and the sign-in itself."},
		{Name: "Templates", Description: "Mails to begin with, and which account sends them."},
		{Name: "Mail", Description: "The mail that was received."},
		{Name: "Records", Description: "What the business application keeps, and the mails that belong to it."},
		{Name: "Sending", Description: "The outbox, and who sends."},
		{Name: "Events", Description: "What happens, in order."},
		{Name: "Help", Description: "Errors of mail servers in plain words."},
		{Name: "Tests", Description: "Many accounts tested at once, and what a user sends with."},
		{Name: "Audit", Description: "Who did what in the administration."},
		{Name: "Demo", Description: "Sample mail to try Mailstead with."},
	}
}

package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/discover"
)

// Connect recognises addresses, tests servers and connects accounts.
type Connect interface {
	Discover(ctx context.Context, actor mailstead.Actor, address string) (discover.Result, error)
	Follow(ctx context.Context, actor mailstead.Actor, address string, told func(discover.Question)) (discover.Result, error)
	Known(ctx context.Context, actor mailstead.Actor, address string) (discover.Result, error)
	Test(ctx context.Context, actor mailstead.Actor, r connect.Request) (connect.Result, error)
	FollowTest(ctx context.Context, actor mailstead.Actor, r connect.Request, told func(connect.Told)) (connect.Result, error)
	SendTest(ctx context.Context, actor mailstead.Actor, r connect.Request, t connect.TestMail) (connect.MailTest, error)
	Save(ctx context.Context, actor mailstead.Actor, r connect.Request) (connect.Saved, error)
}

func (h *Handler) connectRoutes() {
	example := map[string]any{"address": "anna@example.com", "display_name": "Anna Rossi", "password": "correct horse"}
	add(h, route{
		method: http.MethodPost, path: "/connect/discover", id: "discover", tag: "Connect",
		summary: "Recognise an address",
		about: "Finds the provider and the servers of an address, with the source of that knowledge. Of a domain that nobody here knows, " +
			"the name servers and the web servers are asked what it publishes, and the names that mail servers usually have are tried, for ten seconds " +
			"at most. No password is needed, and none is sent.",
		example: map[string]any{"address": "anna@example.com"},
	}, h.discover)
	add(h, route{
		method: http.MethodPost, path: "/connect/discover/follow", id: "followDiscovery", tag: "Connect",
		summary: "Recognise an address and follow what is asked",
		about: "POST /connect/discover whose answer is a stream: each question to the network is a line as soon as it has ended (`{\"question\": …}`), and the " +
			"last line is the answer (`{\"result\": …}`). Closing the connection gives up.",
		media:   ndjson,
		example: map[string]any{"address": "anna@example.com"},
	}, h.followDiscovery)
	add(h, route{
		method: http.MethodPost, path: "/connect/test", id: "testConnection", tag: "Connect",
		summary: "Test a connection before saving it",
		about: "Signs in at the incoming and the outgoing server side by side and reports every stage. Nothing is stored and no mail is sent. " +
			"A server's refusal is a result (`ok` is false), not an error of this call.",
		errors:  []int{http.StatusTooManyRequests},
		example: example,
	}, h.testConnection)
	add(h, route{
		method: http.MethodPost, path: "/connect/test/follow", id: "followTest", tag: "Connect",
		summary: "Test a connection and follow its stages",
		about: "POST /connect/test whose answer is a stream: each stage is a line as soon as it has ended, with its side and server (`{\"stage\": …}`), and the " +
			"last line is the result (`{\"result\": …}`). A side whose server changes begins anew. Closing the connection gives up.",
		errors:  []int{http.StatusTooManyRequests},
		media:   ndjson,
		example: example,
	}, h.followTest)
	add(h, route{
		method: http.MethodPost, path: "/connect/save", id: "connectAccount", tag: "Connect",
		summary: "Connect an account",
		about: "Tests like `POST /connect/test` and stores the account when both sides work; loading its mail begins at once. " +
			"When the test fails nothing is stored, and the problem carries the test in `reports`.",
		status:  http.StatusCreated,
		errors:  []int{http.StatusConflict, http.StatusTooManyRequests, http.StatusBadGateway},
		example: example,
	}, h.connectAccount)
}

// TestResult is the outcome of a connection test.
type TestResult struct {
	OK       bool              `json:"ok" doc:"Every side that was tested works."`
	Incoming *mailstead.Report `json:"incoming,omitempty" doc:"The incoming side, when it was tested."`
	Outgoing *mailstead.Report `json:"outgoing,omitempty" doc:"The outgoing side, when it was tested."`
}

func testResult(r connect.Result) *TestResult {
	if r.Incoming == nil && r.Outgoing == nil {
		return nil
	}
	return &TestResult{OK: r.OK, Incoming: r.Incoming, Outgoing: r.Outgoing}
}

// withReports adds the test that led to err.
func withReports(err error, r connect.Result) error {
	if t := testResult(r); err != nil && t != nil {
		return &testError{err: err, result: t}
	}
	return err
}

// ServerInput is one server as a person types it.
type ServerInput struct {
	Host     string             `json:"host,omitempty" maxLength:"300" doc:"A name, name:port, or a URL such as imaps://mail.example.com. Empty means the server that is known." example:"mail.example.com"`
	Protocol mailstead.Protocol `json:"protocol,omitempty" doc:"pop3 for an incoming server that is read by POP3; imap, or nothing, for the usual one. A URL in host has the last word." example:"imap"`
	Port     int                `json:"port,omitempty" minimum:"0" maximum:"65535" doc:"The port; 0 means the usual one." example:"993"`
	Security mailstead.Security `json:"security,omitempty" doc:"How the connection is protected; automatic finds out." example:"tls"`
	Login    string             `json:"login,omitempty" maxLength:"320" doc:"The user name, when it is not the usual one."`
}

func (s *ServerInput) input() *connect.ServerInput {
	if s == nil {
		return nil
	}
	return &connect.ServerInput{Text: s.Host, Protocol: s.Protocol, Port: s.Port, Security: s.Security, Login: s.Login}
}

// ConnectRequest is what a person fills in to connect an account.
type ConnectRequest struct {
	Address          string               `json:"address" maxLength:"320" doc:"The mail address." example:"anna@example.com"`
	DisplayName      string               `json:"display_name,omitempty" maxLength:"200" doc:"The name that stands in mails." example:"Anna Rossi"`
	Name             string               `json:"name,omitempty" maxLength:"200" doc:"The name for lists inside the organisation; the address when empty."`
	Note             string               `json:"note,omitempty" maxLength:"10000" doc:"A note for colleagues."`
	OwnerID          mailstead.UserID     `json:"owner_id,omitempty" minimum:"0" doc:"For administrators: the user whom the account will belong to."`
	Organisation     bool                 `json:"organisation,omitempty" doc:"For administrators: the account belongs to the organisation."`
	ProviderID       mailstead.ProviderID `json:"provider_id,omitempty" maxLength:"100" doc:"The provider, when it was chosen by hand."`
	Incoming         *ServerInput         `json:"incoming,omitempty" doc:"The incoming server, when it was typed by hand."`
	Outgoing         *ServerInput         `json:"outgoing,omitempty" doc:"The outgoing server, when it was typed by hand."`
	SendOnly         bool                 `json:"send_only,omitempty" doc:"The account gets no incoming side."`
	ReceiveOnly      bool                 `json:"receive_only,omitempty" doc:"The account gets no outgoing side."`
	Password         mailstead.Secret     `json:"password,omitzero" doc:"The password of the mailbox, or an app password where the provider asks for one."`
	OutgoingPassword mailstead.Secret     `json:"outgoing_password,omitzero" doc:"The password of the outgoing server, when it has its own."`
	NoSignIn         bool                 `json:"no_sign_in,omitempty" doc:"The outgoing server takes mail without a sign-in, as relays inside a network do."`
	LoadPeriod       mailstead.LoadPeriod `json:"load_period,omitempty" maxLength:"20" doc:"How much old mail is loaded: none, all, days:N, months:N or count:N." example:"months:3"`
	PlainReason      string               `json:"plain_reason,omitempty" maxLength:"1000" doc:"Why a server without encryption is used, where the service allows it at all."`
	OAuthAppID       mailstead.OAuthAppID `json:"oauth_app_id,omitempty" minimum:"0" doc:"For administrators: an app that opens the mailbox by itself, without a password."`
	ConfirmServers   bool                 `json:"confirm_servers,omitempty" doc:"The person has seen that the servers belong to another domain, those in foreign of the answer to POST /connect/discover, and lets the password go there."`
}

func (r *ConnectRequest) request() connect.Request {
	return connect.Request{
		Address: r.Address, DisplayName: r.DisplayName, Name: r.Name, Note: r.Note,
		OwnerID: r.OwnerID, Organisation: r.Organisation, ProviderID: r.ProviderID,
		Incoming: r.Incoming.input(), Outgoing: r.Outgoing.input(),
		SendOnly: r.SendOnly, ReceiveOnly: r.ReceiveOnly,
		Password: r.Password, OutgoingPassword: r.OutgoingPassword, NoSignIn: r.NoSignIn,
		LoadPeriod: r.LoadPeriod, PlainReason: r.PlainReason, ConfirmServers: r.ConfirmServers, OAuthAppID: r.OAuthAppID,
	}
}

// DiscoverInput names an address.
type DiscoverInput struct {
	Address string `json:"address" maxLength:"320" doc:"The mail address." example:"anna@example.com"`
	Offline bool   `json:"offline,omitempty" doc:"Ask nobody outside: only what is known here."`
}

type (
	discoverInput  struct{ Body DiscoverInput }
	discoverOutput struct{ Body discover.Result }
	connectInput   struct{ Body ConnectRequest }
	testOutput     struct{ Body TestResult }
)

func (h *Handler) discover(ctx context.Context, actor mailstead.Actor, in *discoverInput) (*discoverOutput, error) {
	find := h.c.Connect.Discover
	if in.Body.Offline {
		find = h.c.Connect.Known
	}
	r, err := find(ctx, actor, in.Body.Address)
	return &discoverOutput{r}, err
}

func (h *Handler) testConnection(ctx context.Context, actor mailstead.Actor, in *connectInput) (*testOutput, error) {
	return testAnswer(h.c.Connect.Test(ctx, actor, in.Body.request()))
}

func testAnswer(r connect.Result, err error) (*testOutput, error) {
	if err != nil {
		return nil, withReports(err, r)
	}
	return &testOutput{TestResult{OK: r.OK, Incoming: r.Incoming, Outgoing: r.Outgoing}}, nil
}

// SavedAccount is an account as it was stored, with the test that went before.
type SavedAccount struct {
	Account mailstead.Account `json:"account" doc:"The account as it is stored now."`
	Reports *TestResult       `json:"reports,omitempty" doc:"The connection test that went before."`
	Next    []string          `json:"next,omitempty" doc:"What to offer the person now: open_mail, more_settings."`
}

type connectOutput struct {
	Location string `header:"Location" doc:"The address of the account."`
	Body     SavedAccount
}

func (h *Handler) connectAccount(ctx context.Context, actor mailstead.Actor, in *connectInput) (*connectOutput, error) {
	saved, err := h.c.Connect.Save(ctx, actor, in.Body.request())
	if err != nil {
		return nil, withReports(err, saved.Result)
	}
	return &connectOutput{
		Location: h.c.outside() + "/accounts/" + saved.Account.ID.String(),
		Body:     SavedAccount{Account: saved.Account, Reports: testResult(saved.Result), Next: saved.Next},
	}, nil
}

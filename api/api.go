package api

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/sync/semaphore"
)

// Base is the path under which the API lives.
const Base = "/api/v1"

// outside is the path under which clients find the API: Base below the path of PublicURL.
func (c *Config) outside() string {
	if c.PublicURL == nil {
		return Base
	}
	return strings.TrimRight(c.PublicURL.Path, "/") + Base
}

// The limits of a request body in bytes.
const (
	// maxBody holds for everything but submitting a mail.
	maxBody = 1 << 20
	// DefaultMaxSubmission is the limit of a submitted mail, files in base64
	// included.
	DefaultMaxSubmission = 40 << 20
)

// Config wires a Handler. The journeys, Now and Logger are needed.
type Config struct {
	Gate        Gate
	People      People
	Directory   Directory
	Sharing     Sharing
	Demo        Demo
	Policies    Policies
	Templates   Templates
	OAuthApps   OAuthApps
	Trust       Trust
	SignIns     SignIns
	Audit       Auditor
	Checkups    Checkups
	Connect     Connect
	Accounts    Accounts
	Importer    Importer
	Links       PasswordLinks
	Inbox       Inbox
	Outbox      Outbox
	Records     Records
	RecordMails RecordMails
	Notices     Notices
	Events      Events
	Explain     Explainer
	// Ready returns an error while the service cannot answer: the store is away.
	Ready  Pinger
	Now    func() time.Time
	Logger *slog.Logger

	// Version is shown in the OpenAPI document.
	Version string
	// PublicURL is where people reach the service ("https://mail.example.com"),
	// nil when that is not known. With https the session cookie is a secure one
	// also behind a proxy that ends TLS.
	PublicURL *url.URL
	// TrustedProxies may say in X-Forwarded-For who the client is, and in
	// X-Forwarded-Proto whether it came by https.
	TrustedProxies []netip.Prefix
	// MaxSubmission is the most bytes of a submitted mail; 0 means
	// DefaultMaxSubmission.
	MaxSubmission int64
	// MaxAttachments is the most bytes of a mail's files, as the outbox counts them;
	// a refusal names it. 0 means three quarters of MaxSubmission.
	MaxAttachments int64
	// KeepAlive is the pause between two signs of life of an event stream; 0 means
	// 25 seconds.
	KeepAlive time.Duration
}

// Handler answers requests from the network. Operator gives the same API to the
// person at the machine's own command line.
type Handler struct {
	c     Config
	mux   *http.ServeMux
	huma  huma.API
	cross *http.CrossOriginProtection
	// large is the room for bodies that are larger than most.
	large *semaphore.Weighted
	// streams counts the event streams of each user.
	streams streamCount
	// stopped is closed when the event streams are to end.
	stopped chan struct{}
	stop    func()
}

// New returns a Handler with all routes.
func New(c Config) (*Handler, error) {
	if c.MaxSubmission <= 0 {
		c.MaxSubmission = DefaultMaxSubmission
	}
	if c.MaxAttachments <= 0 {
		// Base64 makes four bytes of three.
		c.MaxAttachments = c.MaxSubmission / 4 * 3
	}
	if c.KeepAlive <= 0 {
		c.KeepAlive = 25 * time.Second
	}
	h := &Handler{c: c, mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(), stopped: make(chan struct{})}
	h.large = semaphore.NewWeighted(largeBodies * c.MaxSubmission)
	h.stop = sync.OnceFunc(func() { close(h.stopped) })
	if c.PublicURL != nil {
		if err := h.cross.AddTrustedOrigin(c.PublicURL.Scheme + "://" + c.PublicURL.Host); err != nil {
			return nil, err
		}
	}
	h.huma = newHuma(h.mux, c.Version, c.outside(), h.rewriteProblem)
	h.routes()
	h.pageRoutes()
	return h, nil
}

// routes registers every operation, noun by noun, in the order of the
// documentation.
func (h *Handler) routes() {
	h.setupRoutes()
	h.sessionRoutes()
	h.tokenRoutes()
	h.userRoutes()
	h.profileRoutes()
	h.assignmentRoutes()
	h.providerRoutes()
	h.domainRoutes()
	h.connectRoutes()
	h.accountRoutes()
	h.accountListRoutes()
	h.accountAdminRoutes()
	h.passwordLinkRoutes()
	h.bulkRoutes()
	h.importRoutes()
	h.folderRoutes()
	h.messageRoutes()
	h.contentRoutes()
	h.outboxRoutes()
	h.recordRoutes()
	h.recordLinkRoutes()
	h.resolveRoutes()
	h.eventRoutes()
	h.explainRoutes()
	h.checkupRoutes()
	h.testMailRoutes()
	h.senderHealthRoutes()
	h.noticeRoutes()
	h.auditRoutes()
	h.policyRoutes()
	h.templateRoutes()
	h.oauthRoutes()
	h.trustRoutes()
	h.demoRoutes()
}

// Stop ends all event streams, so that the server around the handler can shut
// down: give it to http.Server.RegisterOnShutdown. It may be called twice.
func (h *Handler) Stop() { h.stop() }

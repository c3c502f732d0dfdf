package api

import (
	_ "embed"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/importer"
)

// The vocabulary's words are plain strings in Go. The types of this file give them
// the schema of an enumeration.

func enum[T ~string](words ...T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, w := range words {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}

type (
	roleSchema          struct{}
	rightSchema         struct{}
	scopeSchema         struct{}
	protocolSchema      struct{}
	securitySchema      struct{}
	sideSchema          struct{}
	healthSchema        struct{}
	folderRoleSchema    struct{}
	messageStateSchema  struct{}
	outgoingStateSchema struct{}
	sentCopySchema      struct{}
	draftKindSchema     struct{}
	levelSchema         struct{}
	passSchema          struct{}
	changeSchema        struct{}
	eventTypeSchema     struct{}
	stageSchema         struct{}
	sourceSchema        struct{}
	questionSchema      struct{}
	domainStateSchema   struct{}
	usernameSchema      struct{}
	secretSchema        struct{}
	auditActionSchema   struct{}
	auditKindSchema     struct{}
	accountStateSchema  struct{}
	accountNeedSchema   struct{}
	accountSortSchema   struct{}
	checkupStateSchema  struct{}
	verdictSchema       struct{}
	copyRuleSchema      struct{}
	freedomSchema       struct{}
	importFormatSchema  struct{}
	importOutcomeSchema struct{}
	severitySchema      struct{}
	linkReasonSchema    struct{}
	arrivalStateSchema  struct{}
	purposeSchema       struct{}
	noticeKindSchema    struct{}
	endSchema           struct{}
	oauthKindSchema     struct{}
	trustKindSchema     struct{}
)

func (trustKindSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.TrustKey, mailstead.TrustAuthority)
}

func (oauthKindSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.OAuthPerson, mailstead.OAuthApplication, mailstead.OAuthServiceAccount)
}

func (roleSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.RoleAdmin, mailstead.RoleUser)
}

func (rightSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.RightRead, mailstead.RightSend, mailstead.RightManage)
}

func (scopeSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.ScopeRead, mailstead.ScopeSend, mailstead.ScopeAccounts, mailstead.ScopeAdmin)
}

func (protocolSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.SMTP, mailstead.IMAP, mailstead.POP3)
}

func (securitySchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS, mailstead.SecurityAutomatic)
}

func (sideSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.SideIncoming, mailstead.SideOutgoing)
}

func (healthSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.HealthNew, mailstead.HealthOK, mailstead.HealthRetrying, mailstead.HealthTrouble)
}

func (folderRoleSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.FolderNone, mailstead.FolderInbox, mailstead.FolderSent, mailstead.FolderDrafts,
		mailstead.FolderTrash, mailstead.FolderJunk, mailstead.FolderArchive, mailstead.FolderAll)
}

func (messageStateSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.MessageOK, mailstead.MessageQuarantined, mailstead.MessageTooLarge)
}

func (outgoingStateSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.OutgoingQueued, mailstead.OutgoingHeld, mailstead.OutgoingSending, mailstead.OutgoingAccepted,
		mailstead.OutgoingUnknown, mailstead.OutgoingRejected, mailstead.OutgoingCancelled)
}

func (sentCopySchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.SentCopyNone, mailstead.SentCopyPending, mailstead.SentCopyFound,
		mailstead.SentCopyAppended, mailstead.SentCopyFailed)
}

func (draftKindSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.DraftNew, mailstead.DraftReply, mailstead.DraftReplyAll, mailstead.DraftForward)
}

func (levelSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.LevelChosen, mailstead.LevelTemplate, mailstead.LevelUser, mailstead.LevelProfile,
		mailstead.LevelSystem, mailstead.LevelConfiguration, mailstead.LevelNone)
}

func (passSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.PassForbidden, mailstead.PassDisabled, mailstead.PassIncomplete, mailstead.PassOutranked)
}

func (changeSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.ChangeRight, mailstead.ChangeServers, mailstead.ChangeEnabled, mailstead.ChangeDefault,
		mailstead.ChangePriority, mailstead.ChangeChoice)
}

func (eventTypeSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.EventAccountConnected, mailstead.EventAccountUpdated, mailstead.EventAccountHealth,
		mailstead.EventAccountDeleted, mailstead.EventLoadProgress, mailstead.EventLoadDone, mailstead.EventMessagesNew,
		mailstead.EventMessagesChanged, mailstead.EventMessagesRemoved, mailstead.EventOutgoing,
		mailstead.EventNotices)
}

func (stageSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.StageDNS, mailstead.StageTCP, mailstead.StageTLS, mailstead.StageGreeting,
		mailstead.StageCapabilities, mailstead.StageLogin, mailstead.StageFolders, mailstead.StageSender)
}

func (sourceSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.DomainBuiltIn, mailstead.DomainAdministrator, mailstead.DomainLearned,
		discover.SourceMX, discover.SourcePACC, discover.SourceSRV, discover.SourceAutoconfig, discover.SourceMXAutoconfig,
		discover.SourcePublicDirectory, discover.SourceAutodiscover, discover.SourceGuess, discover.SourceNone)
}

func (questionSchema) Schema(huma.Registry) *huma.Schema {
	return enum(discover.OutcomeOK, discover.OutcomeNothing, discover.OutcomeBroken, discover.OutcomeSkipped)
}

func (domainStateSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.DomainInUse, mailstead.DomainPending, mailstead.DomainRejected)
}

func (usernameSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.UsernameEmail, mailstead.UsernameLocal, mailstead.UsernameCustom)
}

func (importFormatSchema) Schema(huma.Registry) *huma.Schema {
	return enum(importer.Formats()...)
}

func (importOutcomeSchema) Schema(huma.Registry) *huma.Schema {
	return enum(connect.ImportNew, connect.ImportNeedsPassword, connect.ImportExists, connect.ImportOwnerUnknown, connect.ImportInvalid)
}

func (severitySchema) Schema(huma.Registry) *huma.Schema {
	return enum(importer.Error, importer.Warning)
}

func (linkReasonSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.LinkByHand)
}

func (arrivalStateSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.ArrivalWaiting, mailstead.ArrivalArrived, mailstead.ArrivalMissing)
}

func (purposeSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.PurposeNone, mailstead.PurposeTest, mailstead.PurposeReport, mailstead.PurposeAlert)
}

func (noticeKindSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.NoticeStopped, mailstead.NoticeWorks, mailstead.NoticeEnds)
}

func (endSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.CredentialAppSecret, mailstead.CredentialIdle, mailstead.CredentialAge)
}

func (auditActionSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.AuditActions()...)
}

func (accountStateSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.AccountStates()...)
}

func (accountNeedSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.NeedServers, mailstead.NeedPassword)
}

func (accountSortSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.AccountSorts()...)
}

func (auditKindSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.AuditUser, mailstead.AuditProfile, mailstead.AuditToken, mailstead.AuditAccount,
		mailstead.AuditDomain, mailstead.AuditProvider, mailstead.AuditNetwork, mailstead.AuditDemo, mailstead.AuditPolicy,
		mailstead.AuditRecord, mailstead.AuditRecordType, mailstead.AuditTemplate, mailstead.AuditOAuthApp, mailstead.AuditTrust)
}

func (copyRuleSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.CopiesEverybody, mailstead.CopiesAdministrators, mailstead.CopiesProfiles)
}

func (freedomSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.FreedomDefault, mailstead.FreedomEverything, mailstead.FreedomProvider,
		mailstead.FreedomPassword, mailstead.FreedomNothing)
}

func (checkupStateSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.CheckupRunning, mailstead.CheckupDone, mailstead.CheckupCancelled)
}

func (verdictSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.VerdictWaiting, mailstead.VerdictOK, mailstead.VerdictFailed, mailstead.VerdictSkipped)
}

// secretSchema is a password in input. No answer has one.
func (secretSchema) Schema(huma.Registry) *huma.Schema {
	limit := 8192
	return &huma.Schema{Type: huma.TypeString, Format: "password", WriteOnly: true, MaxLength: &limit}
}

// aliasSchemas makes the registry use the schemas above.
func aliasSchemas(r huma.Registry) {
	alias[mailstead.Role, roleSchema](r)
	alias[mailstead.Right, rightSchema](r)
	alias[mailstead.Scope, scopeSchema](r)
	alias[mailstead.Protocol, protocolSchema](r)
	alias[mailstead.Security, securitySchema](r)
	alias[mailstead.SideName, sideSchema](r)
	alias[mailstead.HealthState, healthSchema](r)
	alias[mailstead.FolderRole, folderRoleSchema](r)
	alias[mailstead.MessageState, messageStateSchema](r)
	alias[mailstead.OutgoingState, outgoingStateSchema](r)
	alias[mailstead.SentCopyState, sentCopySchema](r)
	alias[mailstead.DraftKind, draftKindSchema](r)
	alias[mailstead.LinkReason, linkReasonSchema](r)
	alias[mailstead.ArrivalState, arrivalStateSchema](r)
	alias[mailstead.SendPurpose, purposeSchema](r)
	alias[mailstead.NoticeKind, noticeKindSchema](r)
	alias[mailstead.CredentialReason, endSchema](r)
	alias[mailstead.TrustKind, trustKindSchema](r)
	alias[mailstead.OAuthKind, oauthKindSchema](r)
	alias[mailstead.SenderLevel, levelSchema](r)
	alias[mailstead.PassReason, passSchema](r)
	alias[mailstead.SenderChange, changeSchema](r)
	alias[mailstead.EventType, eventTypeSchema](r)
	alias[mailstead.StageName, stageSchema](r)
	alias[mailstead.DomainSource, sourceSchema](r)
	alias[discover.Outcome, questionSchema](r)
	alias[mailstead.DomainState, domainStateSchema](r)
	alias[mailstead.UsernameForm, usernameSchema](r)
	alias[mailstead.Secret, secretSchema](r)
	alias[mailstead.AuditAction, auditActionSchema](r)
	alias[mailstead.CheckupState, checkupStateSchema](r)
	alias[mailstead.Verdict, verdictSchema](r)
	alias[mailstead.AuditKind, auditKindSchema](r)
	alias[mailstead.AccountState, accountStateSchema](r)
	alias[mailstead.AccountNeed, accountNeedSchema](r)
	alias[mailstead.AccountSort, accountSortSchema](r)
	alias[mailstead.CopyRule, copyRuleSchema](r)
	alias[mailstead.AccountFreedom, freedomSchema](r)
	alias[importer.Format, importFormatSchema](r)
	alias[connect.ImportOutcome, importOutcomeSchema](r)
	alias[importer.Severity, severitySchema](r)
	alias[huma.ErrorModel, Problem](r)
}

func alias[T, A any](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[A]())
}

const schemaPrefix = "#/components/schemas/"

// schemaName names the schema of a type. Those of packages discover and importer get a word in
// front, their own names being too general for one list of all.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case strings.HasSuffix(t.PkgPath(), "/discover"):
		return "Discovery" + name
	case strings.HasSuffix(t.PkgPath(), "/importer"):
		return "Import" + name
	}
	return name
}

// words.tsv says what the fields of the vocabulary mean: the type and the field, or
// * and the field where it means the same everywhere, then the text. Types of this
// package say it in their tags.
//
//go:embed words.tsv
var words string

// bases are the types whose fields another type has as its own.
func bases(name string) []string {
	switch name {
	case "AccountDetail", "AccountItem":
		return []string{"Account"}
	case "AssignmentItem":
		return []string{"Assignment"}
	case "CreatedToken":
		return []string{"Token"}
	case "MessageDetail":
		return []string{"Message"}
	case "OutgoingDetail":
		return []string{"OutgoingMessage"}
	case "Submission":
		return []string{"Draft"}
	case "DiscoveryCandidate":
		return []string{"Server"}
	case "PassedOver":
		return []string{"SenderCandidate"}
	}
	return nil
}

// tidySchemas completes the finished schemas: what each field means, and that a
// list is never null.
func tidySchemas(r huma.Registry) {
	texts := make(map[string]string)
	for line := range strings.Lines(words) {
		field, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		texts[field] = text
	}
	for name, s := range r.Map() {
		owners := append(append([]string{name}, bases(name)...), "*")
		for field, p := range s.Properties {
			if p.Type == huma.TypeArray {
				p.Nullable = false
			}
			for _, owner := range owners {
				if p.Description == "" {
					p.Description = texts[owner+"."+field]
				}
			}
		}
	}
}

// openAnswers lets the schemas that only answers have grow: a client must not
// refuse a field that it does not know. Input stays strict.
func openAnswers(api *huma.OpenAPI) {
	schemas := api.Components.Schemas
	input := make(map[string]bool)
	var visit func(s *huma.Schema)
	visit = func(s *huma.Schema) {
		if s == nil || input[s.Ref] {
			return
		}
		if s.Ref != "" {
			input[s.Ref] = true
			s = schemas.SchemaFromRef(s.Ref)
		}
		visit(s.Items)
		for _, p := range s.Properties {
			visit(p)
		}
	}
	for _, item := range api.Paths {
		for _, op := range operationsOf(item) {
			if op.RequestBody == nil {
				continue
			}
			for _, m := range op.RequestBody.Content {
				visit(m.Schema)
			}
		}
	}
	for name, s := range schemas.Map() {
		if s.AdditionalProperties == false && !input[schemaPrefix+name] {
			s.AdditionalProperties = nil
		}
	}
}

// tidyAnswers makes each operation cite the common answer for an error, instead of
// spelling it out, and gives its further answers the content of the first.
func tidyAnswers(api *huma.OpenAPI) {
	common := make(map[string]*huma.Response)
	for _, item := range api.Paths {
		for _, op := range operationsOf(item) {
			for status, r := range op.Responses {
				code, _ := strconv.Atoi(status)
				switch {
				case code >= http.StatusBadRequest:
					r.Description = errorAnswer(code)
					common["Error"+status] = r
					op.Responses[status] = &huma.Response{Ref: "#/components/responses/Error" + status}
				case len(r.Content) == 0 && code != op.DefaultStatus:
					r.Content = op.Responses[strconv.Itoa(op.DefaultStatus)].Content
				}
			}
		}
	}
	api.Components.Responses = common
}

// errorAnswer says when an error status is answered.
func errorAnswer(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "The body is not valid JSON."
	case http.StatusUnauthorized:
		return "Nobody is signed in, or the sign-in was refused."
	case http.StatusForbidden:
		return "The person or the token may not do this."
	case http.StatusNotFound:
		return "There is no such thing, or not for this person."
	case http.StatusConflict:
		return "The present state does not allow this."
	case http.StatusPreconditionFailed:
		return "Somebody changed it after the version of If-Match: nothing was changed."
	case http.StatusRequestEntityTooLarge:
		return "The body is over the limit."
	case http.StatusUnsupportedMediaType:
		return "The body is not declared as JSON."
	case http.StatusUnprocessableEntity:
		return "The input is not valid, or a mail server refused the sign-in."
	case http.StatusTooManyRequests:
		return "This was tried too often; Retry-After says when to come back."
	case http.StatusBadGateway:
		return "A mail server failed, refused this, or could not be reached."
	default:
		return "A defect of Mailstead; its log tells more."
	}
}

package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/mailstead/mailstead"
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
	eventTypeSchema     struct{}
	stageSchema         struct{}
	sourceSchema        struct{}
	usernameSchema      struct{}
	secretSchema        struct{}
)

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
	return enum(mailstead.PassForbidden, mailstead.PassDisabled, mailstead.PassOutranked)
}

func (eventTypeSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.EventAccountConnected, mailstead.EventAccountUpdated, mailstead.EventAccountHealth,
		mailstead.EventAccountDeleted, mailstead.EventLoadProgress, mailstead.EventLoadDone, mailstead.EventMessagesNew,
		mailstead.EventMessagesChanged, mailstead.EventMessagesRemoved, mailstead.EventOutgoing)
}

func (stageSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.StageDNS, mailstead.StageTCP, mailstead.StageTLS, mailstead.StageGreeting,
		mailstead.StageCapabilities, mailstead.StageLogin, mailstead.StageFolders, mailstead.StageSender)
}

func (sourceSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.DomainBuiltIn, mailstead.DomainAdministrator, mailstead.DomainLearned, "none")
}

func (usernameSchema) Schema(huma.Registry) *huma.Schema {
	return enum(mailstead.UsernameEmail, mailstead.UsernameLocal, mailstead.UsernameCustom)
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
	alias[mailstead.SenderLevel, levelSchema](r)
	alias[mailstead.PassReason, passSchema](r)
	alias[mailstead.EventType, eventTypeSchema](r)
	alias[mailstead.StageName, stageSchema](r)
	alias[mailstead.DomainSource, sourceSchema](r)
	alias[mailstead.UsernameForm, usernameSchema](r)
	alias[mailstead.Secret, secretSchema](r)
	alias[huma.ErrorModel, Problem](r)
}

func alias[T, A any](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[A]())
}

// tidySchemas makes the finished schemas say what is really sent: a list is never
// null.
func tidySchemas(r huma.Registry) {
	for _, s := range r.Map() {
		for _, p := range s.Properties {
			if p.Type == huma.TypeArray {
				p.Nullable = false
			}
		}
	}
}

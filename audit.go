package mailstead

import (
	"encoding/json"
	"strconv"
	"time"
)

// AuditAction is what was done, as a stable word.
type AuditAction string

// The actions of administration. AuditSetup is the first administrator making
// himself; AuditSignInLock is a sign-in that is refused for a while after too many
// wrong passwords; AuditDomainLearn is a domain that a colleague's sign-in made
// known.
const (
	AuditSetup            AuditAction = "setup"
	AuditSignInLock       AuditAction = "signin.lock"
	AuditUserCreate       AuditAction = "user.create"
	AuditUserUpdate       AuditAction = "user.update"
	AuditUserPassword     AuditAction = "user.password"
	AuditUserSender       AuditAction = "user.default_account"
	AuditProfileCreate    AuditAction = "profile.create"
	AuditProfileDelete    AuditAction = "profile.delete"
	AuditTokenCreate      AuditAction = "token.create"
	AuditTokenDelete      AuditAction = "token.delete"
	AuditAccountConnect   AuditAction = "account.connect"
	AuditAccountUpdate    AuditAction = "account.update"
	AuditAccountPassword  AuditAction = "account.password"
	AuditAccountCreate    AuditAction = "account.create"
	AuditAccountDelete    AuditAction = "account.delete"
	AuditAccountLeave     AuditAction = "account.disconnect"
	AuditAccountRestore   AuditAction = "account.restore"
	AuditAccountPurge     AuditAction = "account.purge"
	AuditAssignmentCreate AuditAction = "assignment.create"
	AuditAssignmentDelete AuditAction = "assignment.delete"
	AuditSystemAccount    AuditAction = "system_account.set"
	AuditDomainPut        AuditAction = "domain.put"
	AuditDomainLearn      AuditAction = "domain.learn"
	AuditDomainDelete     AuditAction = "domain.delete"
	AuditPoliciesUpdate   AuditAction = "policies.update"
	AuditDomainApprove    AuditAction = "domain.approve"
	AuditDomainReject     AuditAction = "domain.reject"
	AuditProviderCreate   AuditAction = "provider.create"
	AuditProviderUpdate   AuditAction = "provider.update"
	AuditProviderDelete   AuditAction = "provider.delete"
	AuditProviderHide     AuditAction = "provider.hide"
	AuditLinkCreate       AuditAction = "password_link.create"
	AuditLinkClose        AuditAction = "password_link.close"
	AuditLinkUse          AuditAction = "password_link.use"
	AuditRecordTypePut    AuditAction = "record_type.put"
	AuditRecordTypeDelete AuditAction = "record_type.delete"
	AuditRecordDelete     AuditAction = "record.delete"
	AuditMailLink         AuditAction = "mail.link"
	AuditMailUnlink       AuditAction = "mail.unlink"
	AuditTemplateCreate   AuditAction = "template.create"
	AuditTemplateUpdate   AuditAction = "template.update"
	AuditTemplateDelete   AuditAction = "template.delete"
	AuditOAuthAppCreate   AuditAction = "oauth_app.create"
	AuditOAuthAppUpdate   AuditAction = "oauth_app.update"
	AuditOAuthAppDelete   AuditAction = "oauth_app.delete"
	AuditAccountSignIn    AuditAction = "account.sign_in"
	AuditTrustCreate      AuditAction = "trust.create"
	AuditTrustDelete      AuditAction = "trust.delete"
	AuditDemoAdd          AuditAction = "demo.add"
	AuditDemoRemove       AuditAction = "demo.remove"
)

// AuditActions lists all actions.
func AuditActions() []AuditAction {
	return []AuditAction{
		AuditSetup, AuditSignInLock, AuditUserCreate, AuditUserUpdate, AuditUserPassword, AuditUserSender,
		AuditProfileCreate, AuditProfileDelete, AuditTokenCreate, AuditTokenDelete,
		AuditAccountConnect, AuditAccountCreate, AuditAccountUpdate, AuditAccountPassword,
		AuditAccountDelete, AuditAccountLeave, AuditAccountRestore, AuditAccountPurge,
		AuditAssignmentCreate, AuditAssignmentDelete, AuditSystemAccount,
		AuditDomainPut, AuditDomainLearn, AuditDomainApprove, AuditDomainReject, AuditDomainDelete,
		AuditProviderCreate, AuditProviderUpdate, AuditProviderDelete, AuditProviderHide,
		AuditPoliciesUpdate, AuditLinkCreate, AuditLinkClose, AuditLinkUse,
		AuditRecordTypePut, AuditRecordTypeDelete, AuditRecordDelete, AuditMailLink, AuditMailUnlink,
		AuditTemplateCreate, AuditTemplateUpdate, AuditTemplateDelete,
		AuditOAuthAppCreate, AuditOAuthAppUpdate, AuditOAuthAppDelete, AuditAccountSignIn, AuditTrustCreate, AuditTrustDelete,
		AuditDemoAdd, AuditDemoRemove,
	}
}

// AuditKind is the kind of thing that something was done to.
type AuditKind string

// The kinds of objects. An assignment is told of the account that was given; a
// network is where sign-ins came from.
const (
	AuditUser     AuditKind = "user"
	AuditProfile  AuditKind = "profile"
	AuditToken    AuditKind = "token"
	AuditAccount  AuditKind = "account"
	AuditDomain   AuditKind = "domain"
	AuditProvider AuditKind = "provider"
	AuditNetwork  AuditKind = "network"
	AuditDemo     AuditKind = "demo"
	AuditPolicy   AuditKind = "policies"
	AuditTemplate AuditKind = "template"
	AuditOAuthApp AuditKind = "oauth_app"
	AuditTrust    AuditKind = "trust"
	AuditRecord   AuditKind = "record"
	// AuditRecordType is a type of records; its identifier is its key.
	AuditRecordType AuditKind = "record_type"
)

// AuditObject is what something was done to.
type AuditObject struct {
	Kind AuditKind `json:"kind"`
	// ID is its identifier as text, for a domain its name, "" where there is none.
	ID string `json:"id,omitempty"`
	// Name is what it was called at that time.
	Name string `json:"name,omitempty"`
}

// AuditEntry is one step of administration. It is stored in the same step as what
// it tells, and never holds a secret.
type AuditEntry struct {
	ID AuditID   `json:"id"`
	At time.Time `json:"at"`
	// ActorID is the user who did it and ActorName the user's name at that time.
	ActorID   UserID `json:"actor_id,omitempty"`
	ActorName string `json:"actor_name,omitempty"`
	// Operator tells that it was done at the machine's own command line, for the
	// user when there is an ActorID.
	Operator bool `json:"operator,omitempty"`
	// TokenID is the token that it was done with, or 0.
	TokenID TokenID       `json:"token_id,omitempty"`
	Action  AuditAction   `json:"action"`
	Object  AuditObject   `json:"object"`
	Changes []AuditChange `json:"changes"`
}

// AuditChange is a field that has another value now.
type AuditChange struct {
	// Field is its name in words of the API, "incoming.server.host".
	Field string `json:"field"`
	// Before and After are its values, missing where there was none. A secret has
	// neither: that it changed is all that is told.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// AuditQuery asks for a page of the audit, newest first. What is zero does not
// limit it.
type AuditQuery struct {
	ActorID UserID
	// Operator keeps what was done at the command line.
	Operator bool
	Action   AuditAction
	Kind     AuditKind
	ObjectID string
	// From and To bound the time, From included and To not.
	From, To time.Time
	// Before is the id behind which the page starts, 0 for the first.
	Before AuditID
	// Limit is the most entries of the page, 1 to MaxPage+1.
	Limit int
}

// Audit returns the entry of what the actor does to an object.
func (a Actor) Audit(action AuditAction, object AuditObject, changes []AuditChange) AuditEntry {
	return AuditEntry{
		ActorID: a.User.ID, ActorName: a.User.Name, Operator: a.Operator || a.ByOperator, TokenID: a.TokenID,
		Action: action, Object: object, Changes: changes,
	}
}

// AuditObject returns the user as the object of an entry.
func (u *User) AuditObject() AuditObject { return auditObject(AuditUser, u.ID, u.Name) }

// AuditObject returns the profile as the object of an entry.
func (p *Profile) AuditObject() AuditObject { return auditObject(AuditProfile, p.ID, p.Name) }

// AuditObject returns the token as the object of an entry.
func (t *Token) AuditObject() AuditObject { return auditObject(AuditToken, t.ID, t.Name) }

// AuditObject returns the account as the object of an entry.
func (a *Account) AuditObject() AuditObject { return auditObject(AuditAccount, a.ID, a.Name) }

// AuditObject returns the domain as the object of an entry.
func (d *Domain) AuditObject() AuditObject {
	return AuditObject{Kind: AuditDomain, ID: d.Name, Name: d.Name}
}

// AuditObject returns the policies as the object of an entry.
func (p *Policies) AuditObject() AuditObject { return AuditObject{Kind: AuditPolicy} }

// AuditObject returns the provider as the object of an entry.
func (p *Provider) AuditObject() AuditObject {
	return AuditObject{Kind: AuditProvider, ID: string(p.ID), Name: p.Name}
}

func auditObject[ID ~int64](kind AuditKind, id ID, name string) AuditObject {
	o := AuditObject{Kind: kind, Name: name}
	if id != 0 {
		o.ID = strconv.FormatInt(int64(id), 10)
	}
	return o
}

package diagnose

import "github.com/mailstead/mailstead"

// unknown answers words that no rule knows.
var unknown = mailstead.Explanation{
	Code: "unknown", Class: "unknown", Who: "user", Retry: "user",
	Cause:  "The server has given a reason that we do not know.",
	Action: "Read the server's own words; ask the provider what they mean.",
}

// atStage finds better words, or a better code, for what means something else
// where the conversation stood.
func (c *Catalogue) atStage(x mailstead.Explanation, stage mailstead.StageName) mailstead.Explanation {
	connected := stage != mailstead.StageDNS && stage != mailstead.StageTCP
	switch {
	case x.Code == "net.closed" && connected && stage != mailstead.StageGreeting:
		return c.byCode("net.cut", "", mailstead.KindTemporary, query{})
	case x.Code == "mailbox.folder_missing" && stage == mailstead.StageFolders:
		// A test opens the inbox alone.
		return c.byCode("auth.no_mailbox", "", mailstead.KindPermanent, query{})
	case x.Code == "mailbox.no_permission" && stage == mailstead.StageFolders:
		return c.byCode("auth.no_mailbox_access", "", mailstead.KindPermanent, query{})
	case x.Code == "net.timeout" && connected:
		x.Who = "user"
		x.Cause = "The server took the connection and then did not answer in time."
		x.Action = "Check port and security. If they are right, try again later."
	case x.Code == "tls.wrong_mode" && stage == mailstead.StageGreeting:
		x.Cause = "This port expects TLS from the beginning."
		x.Action = "Choose TLS as the security of this port, or the port for STARTTLS (143, 110, 587)."
	}
	return x
}

// byKind explains an error of which no more than the Kind, and perhaps a text,
// is known.
func byKind(kind mailstead.Kind, text string) mailstead.Explanation {
	x := kindWords(kind)
	x.Code, x.Class = unknown.Code, unknown.Class
	if text != "" {
		x.Cause = text
	}
	return x
}

func kindWords(kind mailstead.Kind) mailstead.Explanation {
	say := func(retry, who, cause, action string) mailstead.Explanation {
		return mailstead.Explanation{Retry: retry, Who: who, Cause: cause, Action: action}
	}
	switch kind {
	case mailstead.KindInvalid:
		return say("user", "user", "Something that was entered is not valid.", "Correct it and try again.")
	case mailstead.KindUnauthenticated:
		return say("user", "user", "You are not signed in.", "Sign in and try again.")
	case mailstead.KindForbidden:
		return say("admin", "admin", "This is not allowed.", "Ask an administrator.")
	case mailstead.KindNotFound:
		return say("user", "user", "This does not exist any more.", "Load the page again and choose anew.")
	case mailstead.KindConflict:
		return say("user", "user", "The present state does not allow this.", "Load the page again and see what has changed.")
	case mailstead.KindTooLarge:
		return say("user", "user", "This is too large.", "Make it smaller and try again.")
	case mailstead.KindThrottled:
		return say("later", "user", "This was tried too often.", "Wait a little and try again.")
	case mailstead.KindTemporary:
		return say("later", "mailstead", "The server cannot do this at the moment.", "Nothing to do: we try again.")
	case mailstead.KindPermanent:
		return say("never", "user", "The server refused this for good.", "Read the server's own words; ask the provider.")
	case mailstead.KindCredentials:
		return say("user", "user", "The server refused the sign-in.", "Check user name and password; use an app password if the provider asks for one.")
	case mailstead.KindUnknown:
		return say("user", "user", "The connection was lost before the server confirmed.", "Look whether it has happened before you do it again.")
	case mailstead.KindInternal:
	}
	return say("later", "admin", "Something went wrong inside Mailstead.", "Try again; if it stays, an administrator should look into the log.")
}

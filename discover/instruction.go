package discover

import (
	"fmt"
	"strconv"
	"strings"
)

// checkedIn is the month in which the facts of the built-in directory were gathered.
const checkedIn = "2026-11"

// instruction is what a code of providers.json says in English. The pages say it in
// their own languages (locales/*/providers.json): TestInstructions holds both together.
type instruction struct {
	// step tells that it is something to do, in the order of the list; else it is
	// something to know.
	step bool
	// text may hold {{.name}} (of the provider), {{.day}} and {{.count}}.
	text string
}

var instructions = map[string]instruction{
	"two_step":                 {true, "Turn on two-step sign-in in your account at {{.name}}."},
	"app_password":             {true, "Make an app password and enter it here instead of your usual one."},
	"app_password_if_two_step": {true, "If two-step sign-in is on, make an app password and enter it here instead of your usual one."},
	"device_password":          {true, "Make a password for mail programs and enter it here: the one of the website does not work."},
	"authorization_code":       {true, "Make an authorisation code and enter it here as the password, without spaces."},
	"mail_key":                 {true, "Make a secure mail key and enter it here as the password."},
	"smtp_key":                 {true, "Make credentials for SMTP in the console of {{.name}} and enter them here."},
	"enable_access":            {true, "Switch on access for mail programs (IMAP, POP3, SMTP) in the settings of the mailbox."},
	"admin_allows":             {true, "Ask your administrator to allow mail programs (IMAP, SMTP) for your mailbox."},
	"extra_protection_off":     {true, "Switch off the additional protection of the mailbox: it shuts mail programs out."},
	"bridge":                   {true, "Start the bridge program of {{.name}} on the machine that connects, and enter the password that it shows."},
	"sign_in_page":             {true, "Sign in at the page of {{.name}}: passwords have not been accepted since {{.day}}."},

	"smtp_password_ends": {false, "Sending with a password ends by default on {{.day}}."},
	"paid_plans":         {false, "Only paid plans let mail programs in."},
	"no_access":          {false, "Mail programs cannot reach it: there is no IMAP, POP3 or SMTP."},
	"no_pop3":            {false, "There is no POP3."},
	"pop3_only":          {false, "There is POP3 and no IMAP: folders stay at the service."},
	"from_of_account":    {false, "The sender has to be an address of the account."},
	"off_after_disuse":   {false, "The access is switched off again when it is not used for long."},
	"other_region":       {false, "An account of another region is refused: then choose {{.name}} of that region."},
	"main_address":       {false, "Sign in with the main address, not with an alias."},
	"mailbox_password":   {false, "The password is that of the mailbox, not that of the customer account."},
	"own_user_id":        {false, "The user name is the one that {{.name}} gave you, which may differ from the address."},
	"own_server_name":    {false, "The server’s name is your own: it stands in the customer area."},
	"user_apikey":        {false, "The user name is the word apikey."},
	"token_twice":        {false, "The server token is user name and password."},
	"verified_receivers": {false, "A new account sends to verified receivers only until it is released."},
	"inside_only":        {false, "It sends inside the organisation only."},
	"certified_mail":     {false, "Certified mail: every mail sent brings receipts, and ordinary mail comes in only when that is allowed."},
	"maybe_microsoft365": {false, "Many of these mailboxes are at Microsoft 365: then choose that."},
	"daily_limit":        {false, "It takes mail for at most {{.count}} receivers a day."},
}

// instruct says of a built-in provider when it was looked at, and puts the English
// sentences to its instructions.
func (e *entry) instruct() error {
	for i := range e.Instructions {
		in := &e.Instructions[i]
		known, ok := instructions[in.Code]
		if !ok || strings.Contains(known.text, "{{.day}}") != (in.Day != "") || strings.Contains(known.text, "{{.count}}") != (in.Count != 0) {
			return fmt.Errorf("instruction %q: it is unknown, or its day or count is", in.Code)
		}
		in.Step = known.step
		in.Text = strings.NewReplacer("{{.name}}", e.Name, "{{.day}}", in.Day, "{{.count}}", strconv.Itoa(in.Count)).Replace(known.text)
	}
	e.CheckedIn = checkedIn
	return nil
}

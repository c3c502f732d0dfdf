package importer

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/mailstead/mailstead"
)

// decode returns content as UTF-8 without a byte order mark. charset names what
// it was taken for when that is a guess.
func decode(content []byte) (text, charset string) {
	for _, mark := range []struct {
		bytes string
		order unicode.Endianness
	}{{"\xff\xfe", unicode.LittleEndian}, {"\xfe\xff", unicode.BigEndian}} {
		if strings.HasPrefix(string(content[:min(2, len(content))]), mark.bytes) {
			if b, err := unicode.UTF16(mark.order, unicode.ExpectBOM).NewDecoder().Bytes(content); err == nil {
				return string(b), ""
			}
		}
	}
	if utf8.Valid(content) {
		return strings.TrimPrefix(string(content), "\ufeff"), ""
	}
	b, err := charmap.Windows1252.NewDecoder().Bytes(content)
	if err != nil {
		return strings.ToValidUTF8(string(content), "\ufffd"), "?"
	}
	return string(b), "Windows-1252"
}

// yes understands a cell that says yes or no in the languages of the pages. ok is
// false when it says neither.
func yes(text string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "1", "y", "yes", "true", "on", "x", "si", "sì", "sí", "vero", "verdadero", "да":
		return true, true
	case "", "0", "n", "no", "false", "off", "falso", "нет", "null":
		return false, true
	}
	return false, false
}

// security understands the words that programs use for the protection of a
// connection. ok is false for any other.
func security(text string) (s mailstead.Security, ok bool) {
	word := strings.NewReplacer("/", "", "-", "", "_", "", " ", "").Replace(strings.ToLower(text))
	switch word {
	case "", "auto", "automatic":
		return "", true
	case "none", "no", "nessuna", "ninguna", "plain", "unencrypted", "0", "нет":
		return mailstead.SecurityNone, true
	case "starttls", "explicit", "explicittls":
		return mailstead.SecurityStartTLS, true
	case "tls", "ssl", "ssltls", "implicit", "implicittls", "smtps", "imaps":
		return mailstead.SecurityTLS, true
	}
	return "", false
}

// port understands a port; 0 for none. ok is false for what is none.
func port(text string) (n int, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" || text == "0" {
		return 0, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= 65535
}

// setAddress takes an address as settings have it: bare, or with a name.
func (c *Candidate) setAddress(text string) {
	c.Address = strings.TrimSpace(text)
	if a, err := mail.ParseAddress(c.Address); err == nil {
		c.Address = a.Address
		if c.DisplayName == "" {
			c.DisplayName = a.Name
		}
	}
}

// sentence says what a code means, in one sentence. The pages have theirs.
func sentence(code string) string {
	switch code {
	case "import.charset":
		return "The file is not in UTF-8 and was read in another character set: look whether the names are right."
	case "import.nothing_found":
		return "No account was found in this file."
	case "import.column_unknown":
		return "This column is not known and was left out."
	case "import.column_twice":
		return "This column stands in the file twice: the first counts."
	case "import.row_unreadable":
		return "This row cannot be read: a quote is missing, or it has another number of cells than the header."
	case "import.value_alone":
		return "This side names no server, so what else is said about it was left out."
	case "import.value":
		return "This value cannot be used here."
	case "import.address_missing":
		return "The mail address is missing."
	default:
		return sentenceOfEntry(code)
	}
}

// sentenceOfEntry says what codes about single accounts mean.
func sentenceOfEntry(code string) string {
	switch code {
	case "import.encrypted":
		return "This section is encrypted: decrypt it first, for example with aspnet_regiis -pd."
	case "import.config_source":
		return "These settings stand in another file: import that one too."
	case "import.pickup_directory":
		return "This puts mail into a directory and names no mail server, so there is nothing to connect to."
	case "import.windows_sign_in":
		return "This signs in with the Windows user of the program, which is not possible from here: a user name and a password are needed."
	case "import.server_missing":
		return "The mail server is missing, and it is not known for this address."
	case "import.deleted":
		return "This account is deleted in the source."
	case "import.oauth":
		return "This signs in with OAuth2 in the source, which is not taken over: a password is needed, at many providers an app password."
	case "import.auth_method":
		return "This way of signing in is not taken over: a password is needed."
	case "import.pop3":
		return "Mail is fetched by POP3, as in the source: only the inbox is read, and nothing is deleted on the server."
	case "import.left_out":
		return "This is no mail account that can be connected, and was left out."
	case "import.identity_left_out":
		return "Only the first identity of the account is imported; this one was left out."
	case "import.security_assumed":
		return "The source does not say how the connection is protected, so an encrypted one is taken: test the account."
	case "import.security_raised":
		return "The source encrypts only if the server offers it; here encryption is demanded."
	case "import.certificate":
		return "The source does not verify the server's certificate; here it is verified."
	default:
		return sentenceOfJourney(code)
	}
}

// sentenceOfJourney says what the codes mean that journey connect adds.
func sentenceOfJourney(code string) string {
	switch code {
	case "import.encryption_added":
		return "The source does not encrypt this connection; as you asked, STARTTLS is demanded here."
	case "import.server_found":
		return "The source names no server, so the one that is known for this address is taken."
	case "import.owner_unknown":
		return "There is no user with this address: add the user first."
	case mailstead.CodePolicyAccounts:
		return "The user would have more accounts than the policies allow."
	case "import.profile_unknown":
		return "There is no profile of this name: add it first."
	case "import.duplicate":
		return "The same account stands in this file twice; the first counts."
	case "import.system_kept":
		return "This is the default account of the source. There is a system account already, which stays."
	default:
		return "This cannot be imported."
	}
}

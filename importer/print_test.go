package importer_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/importer"
)

// drawn is an account with everything that a format can say.
type drawn struct {
	Name, Display, Address, Note, Login, Password, Host string
	Port                                                int
	Security                                            mailstead.Security
	Default                                             bool
}

// texts are those that formats must quote. Space around them has no meaning.
func texts(alphabet string) *rapid.Generator[string] {
	return rapid.Map(rapid.StringOfN(rapid.RuneFrom([]rune(alphabet)), 0, 20, -1), strings.TrimSpace)
}

const (
	nasty  = "aZ9 ,;\"'`\\<>&()=-#/*%_é€я\U0001F600"
	nastyN = nasty + "\n\t"
)

func draw(alphabet string) *rapid.Generator[drawn] {
	return rapid.Custom(func(t *rapid.T) drawn {
		return drawn{
			Name: texts(nasty).Draw(t, "name"), Display: texts(nasty).Draw(t, "display"),
			Address: rapid.StringMatching(`[a-z]{1,8}\.[a-z]{1,5}@[a-z]{1,8}\.example`).Draw(t, "address"),
			Note:    texts(alphabet).Draw(t, "note"), Login: "u" + texts(nasty).Draw(t, "login"), Password: "p" + texts(nasty).Draw(t, "password"),
			Host: rapid.StringMatching(`smtp\.[a-z]{1,8}\.example`).Draw(t, "host"), Port: rapid.IntRange(1, 65535).Draw(t, "port"),
			Security: rapid.SampledFrom([]mailstead.Security{mailstead.SecurityTLS, mailstead.SecurityStartTLS, mailstead.SecurityNone}).Draw(t, "security"),
			Default:  rapid.Bool().Draw(t, "default"),
		}
	})
}

// candidate is what must be read of it.
func (d drawn) candidate() importer.Candidate {
	return importer.Candidate{
		Name: d.Name, DisplayName: d.Display, Address: d.Address, Note: d.Note, Default: d.Default,
		Outgoing: &importer.Server{Host: d.Host, Port: d.Port, Security: d.Security, Login: d.Login, Secret: mailstead.NewSecret(d.Password)},
	}
}

// reads holds what is read of a printed file against what was printed.
func reads(t *rapid.T, format importer.Format, file string, want []importer.Candidate) {
	t.Helper()
	for _, named := range []importer.Format{format, importer.Auto} {
		f, err := importer.Read([]byte(file), named)
		if err != nil || f.Format != format || len(f.Findings) > 0 {
			t.Fatalf("%s: %v, %+v, %v\n%s", named, f.Format, f.Findings, err, file)
		}
		got := append([]importer.Candidate{}, f.Candidates...)
		for i := range got {
			got[i].Line = 0
		}
		secrets := cmp.Comparer(func(a, b mailstead.Secret) bool { return a == b })
		if diff := cmp.Diff(want, got, secrets); diff != "" {
			t.Fatalf("%s (-want +got):\n%s\n%s", named, diff, file)
		}
	}
}

func candidates(all []drawn) (out []importer.Candidate) {
	for _, d := range all {
		out = append(out, d.candidate())
	}
	return out
}

func TestPrintedTablesAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(draw(nastyN), 1, 5).Draw(t, "accounts")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		rows := [][]string{{"System", "address", "Display Name", "NAME", "note", "outgoing-host", "outgoing_port", "smtp security", "login", "password"}}
		for _, d := range all {
			rows = append(rows, []string{
				map[bool]string{true: "yes"}[d.Default], d.Address, d.Display, d.Name, d.Note, d.Host, fmt.Sprint(d.Port), string(d.Security), d.Login, d.Password,
			})
		}
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		reads(t, importer.CSV, b.String(), candidates(all))
	})
}

func TestPrintedDumpsAreReadBack(t *testing.T) {
	quote := func(s, apostrophe string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, apostrophe, `"`, `\"`, "\n", `\n`).Replace(s) + "'"
	}
	words := map[mailstead.Security]string{mailstead.SecurityTLS: "ssl", mailstead.SecurityStartTLS: "tls", mailstead.SecurityNone: ""}
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(draw(nastyN), 1, 5).Draw(t, "accounts")
		apostrophe := rapid.SampledFrom([]string{`\'`, `''`}).Draw(t, "apostrophe")
		var rows []string
		for _, d := range all {
			cells := []string{d.Name, d.Note, d.Host, fmt.Sprint(d.Port), d.Login, d.Password, d.Display, d.Address, words[d.Security]}
			for i, c := range cells {
				cells[i] = quote(c, apostrophe)
			}
			rows = append(rows, "("+strings.Join(cells, ",")+","+map[bool]string{true: "1", false: "0"}[d.Default]+")")
		}
		columns := "`name`, `note`, `server`, `port`, `username`, `password`, `from_name`, `from_address`, `encryption`, `predefined`"
		file := "-- a dump; it's one\nINSERT INTO `em_accounts` (" + columns + ") VALUES " + strings.Join(rows, ",\n") + ";\n"
		if rapid.Bool().Draw(t, "created") {
			file = "CREATE TABLE `db`.`em_accounts` (" + strings.ReplaceAll(columns, ",", " text COMMENT 'a, (b)',") + " int, KEY `k` (`name`));\n" +
				"INSERT INTO em_accounts VALUES " + strings.Join(rows, ",") + ";"
		}
		reads(t, importer.OpenSTAManager, file, candidates(all))
	})
}

func TestPrintedConfigurationsAreReadBack(t *testing.T) {
	escape := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
		return b.String()
	}
	rapid.Check(t, func(t *rapid.T) {
		d := draw(nasty).Draw(t, "account")
		encrypted := d.Security == mailstead.SecurityStartTLS
		if d.Security == mailstead.SecurityTLS {
			d.Security = mailstead.SecurityNone // .NET has none
		}
		if encrypted && d.Port == 465 {
			d.Port = 587
		}
		d.Name, d.Display, d.Note, d.Default = "web.config", "", "", true
		file := fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?><configuration><system.net><mailSettings><smtp from="%s"><network host="%s" port="%d" enableSsl="%t" userName="%s" password="%s"/></smtp></mailSettings></system.net></configuration>`,
			escape(d.Address), d.Host, d.Port, encrypted, escape(d.Login), escape(d.Password))
		reads(t, importer.WebConfig, file, candidates([]drawn{d}))
	})
}

func TestPrintedProfilesAreReadBack(t *testing.T) {
	numbers := map[mailstead.Security]int{mailstead.SecurityTLS: 3, mailstead.SecurityStartTLS: 2, mailstead.SecurityNone: 0}
	quote := func(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		var keys []string
		var want []importer.Candidate
		for i, d := range rapid.SliceOfN(draw(nasty), 1, 5).Draw(t, "accounts") {
			keys = append(keys, fmt.Sprintf("account%d", i))
			set := func(name string, value any) {
				if text, ok := value.(string); ok {
					value = `"` + quote(text) + `"`
				}
				fmt.Fprintf(&b, "user_pref(\"mail.%s\", %v);\n", strings.ReplaceAll(name, "#", fmt.Sprint(i)), value)
			}
			set("account.account#.server", fmt.Sprintf("server%d", i))
			set("account.account#.identities", fmt.Sprintf("id%d", i))
			set("identity.id#.useremail", d.Address)
			set("identity.id#.fullName", d.Display)
			set("identity.id#.smtpServer", fmt.Sprintf("smtp%d", i))
			set("server.server#.type", "imap")
			set("server.server#.name", "n"+d.Name)
			set("server.server#.hostname", d.Host)
			set("server.server#.userName", d.Login)
			set("server.server#.port", d.Port)
			set("server.server#.socketType", numbers[d.Security])
			set("smtpserver.smtp#.hostname", d.Host)
			set("smtpserver.smtp#.username", d.Login)
			set("smtpserver.smtp#.port", d.Port)
			set("smtpserver.smtp#.try_ssl", numbers[d.Security])
			c := d.candidate()
			c.Name, c.Note, c.Default, c.Outgoing.Secret = "n"+d.Name, "", false, mailstead.Secret{}
			in := *c.Outgoing
			c.Incoming = &in
			want = append(want, c)
		}
		file := "// Mozilla User Preferences\n" + b.String() + `user_pref("mail.accountmanager.accounts", "` + strings.Join(keys, ",") + "\");\n"
		reads(t, importer.Thunderbird, file, want)
	})
}

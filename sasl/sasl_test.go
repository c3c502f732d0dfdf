package sasl_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	gosasl "github.com/emersion/go-sasl"
	"github.com/xdg-go/scram"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/sasl"
)

// exchange is one challenge of the server and the response that is wanted.
type exchange struct{ challenge, response string }

func TestVectorsOfTheRFCs(t *testing.T) {
	secret := mailstead.NewSecret
	for name, c := range map[string]struct {
		client    gosasl.Client
		mechanism string
		initial   string // "none" where there is no initial response
		exchanges []exchange
	}{
		"RFC 4616 section 4": {
			sasl.NewPlain("tim", secret("tanstaaftanstaaf")), "PLAIN", "\x00tim\x00tanstaaftanstaaf", nil,
		},
		"PLAIN, initial response overlooked": {
			sasl.NewPlain("tim", secret("tanstaaftanstaaf")), "PLAIN", "\x00tim\x00tanstaaftanstaaf",
			[]exchange{{"", "\x00tim\x00tanstaaftanstaaf"}},
		},
		"LOGIN": {
			sasl.NewLogin("tim", secret("tanstaaftanstaaf")), "LOGIN", "none",
			[]exchange{{"Username:", "tim"}, {"Password:", "tanstaaftanstaaf"}},
		},
		"LOGIN, other words": {
			sasl.NewLogin("tim", secret("tanstaaftanstaaf")), "LOGIN", "none",
			[]exchange{{"User Name\x00", "tim"}, {"", "tanstaaftanstaaf"}},
		},
		"RFC 2195 section 2": {
			sasl.NewCRAMMD5("tim", secret("tanstaaftanstaaf")), "CRAM-MD5", "none",
			[]exchange{{"<1896.697170952@postoffice.reston.mci.net>", "tim b913a602c7eda7a495b4e6e7334d3890"}},
		},
		"Google's example of XOAUTH2": {
			sasl.NewXOAUTH2("someuser@example.com", secret("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")), "XOAUTH2",
			"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01",
			[]exchange{{`{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}`, ""}},
		},
		"RFC 7628 section 4.3": {
			sasl.NewOAUTHBEARER("user@example.com", secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")), "OAUTHBEARER",
			"n,a=user@example.com,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01",
			[]exchange{{`{"status":"invalid_token","scope":"example_scope"}`, "\x01"}},
		},
		"OAUTHBEARER, initial response overlooked": {
			sasl.NewOAUTHBEARER("a,b=c@example.com", secret("token")), "OAUTHBEARER", "n,a=a=2Cb=3Dc@example.com,\x01auth=Bearer token\x01\x01",
			[]exchange{{"", "n,a=a=2Cb=3Dc@example.com,\x01auth=Bearer token\x01\x01"}, {`{"status":"invalid_token"}`, "\x01"}},
		},
		"RFC 5802 section 5": {
			sasl.NewSCRAMWithNonce(sasl.SCRAMSHA1, "user", secret("pencil"), "fyko+d2lbbFgONRv9qkxdawL"), "SCRAM-SHA-1",
			"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			[]exchange{
				{
					"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
					"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
				},
				{"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", ""},
			},
		},
		"RFC 7677 section 3": {
			sasl.NewSCRAMWithNonce(sasl.SCRAMSHA256, "user", secret("pencil"), "rOprNGfwEbeRWgbNEkqO"), "SCRAM-SHA-256",
			"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			[]exchange{
				{
					"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
					"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
				},
				{"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ""},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			mechanism, initial, err := c.client.Start()
			if err != nil || mechanism != c.mechanism {
				t.Fatalf("Start = %q, %v, want %q", mechanism, err, c.mechanism)
			}
			if (initial == nil) != (c.initial == "none") || (initial != nil && string(initial) != c.initial) {
				t.Errorf("initial response = %q, want %q", initial, c.initial)
			}
			for _, e := range c.exchanges {
				got, err := c.client.Next([]byte(e.challenge))
				if err != nil || got == nil || string(got) != e.response {
					t.Fatalf("Next(%q) = %q, %v, want %q", e.challenge, got, err, e.response)
				}
			}
			if err := sasl.Complete(c.client); err != nil {
				t.Errorf("Complete: %v", err)
			}
			// A challenge too many ends the exchange.
			if _, err := c.client.Next([]byte("more")); err == nil {
				t.Error("one challenge too many was answered")
			}
		})
	}
}

func TestChoose(t *testing.T) {
	all := []string{"LOGIN", "CRAM-MD5", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "DIGEST-MD5", "NTLM"}
	for name, c := range map[string]struct {
		offered               []string
		encrypted, allowPlain bool
		want                  string // mechanism or code
	}{
		"TLS, everything":               {all, true, false, "PLAIN"},
		"TLS, no PLAIN":                 {[]string{"SCRAM-SHA-256", "LOGIN"}, true, false, "LOGIN"},
		"TLS, no clear text":            {[]string{"CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}, true, false, "SCRAM-SHA-256"},
		"TLS, only SCRAM-SHA-1":         {[]string{"CRAM-MD5", "SCRAM-SHA-1"}, true, false, "SCRAM-SHA-1"},
		"TLS, only CRAM-MD5":            {[]string{"CRAM-MD5"}, true, false, "CRAM-MD5"},
		"TLS, lower case":               {[]string{"plain"}, true, false, "PLAIN"},
		"TLS, nothing":                  {nil, true, false, "auth.not_offered"},
		"TLS, nothing known":            {[]string{"GSSAPI", "NTLM"}, true, false, "auth.mechanism"},
		"TLS, only OAuth":               {[]string{"XOAUTH2"}, true, false, "auth.oauth_required"},
		"clear, everything":             {all, false, false, "SCRAM-SHA-256"},
		"clear, only clear text":        {[]string{"PLAIN", "LOGIN"}, false, false, "tls.required"},
		"clear, only CRAM-MD5":          {[]string{"CRAM-MD5"}, false, false, "tls.required"},
		"clear allowed":                 {[]string{"LOGIN", "PLAIN", "CRAM-MD5"}, false, true, "CRAM-MD5"},
		"clear allowed, PLAIN":          {[]string{"LOGIN", "PLAIN"}, false, true, "PLAIN"},
		"clear, allowed, SCRAM offered": {all, false, true, "SCRAM-SHA-256"},
		"clear, nothing":                {nil, false, false, "auth.not_offered"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := sasl.Choose(sasl.Request{
				Offered: c.offered, Login: "tim", Secret: mailstead.NewSecret("pw"),
				Encrypted: c.encrypted, AllowPlain: c.allowPlain,
			})
			got := mailstead.CodeOf(err)
			if err == nil {
				got, _, err = client.Start()
			}
			if got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func TestChooseRefusesNUL(t *testing.T) {
	for name, r := range map[string]sasl.Request{
		"login":    {Login: "a\x00b"},
		"password": {Login: "a", Secret: mailstead.NewSecret("a\x00b")},
	} {
		r.Offered, r.Encrypted = []string{"PLAIN"}, true
		if _, err := sasl.Choose(r); mailstead.KindOf(err) != mailstead.KindInvalid {
			t.Errorf("%s: error = %v, want invalid", name, err)
		}
	}
}

func TestSCRAMRefusesBadServers(t *testing.T) {
	const nonce = "abc"
	const first = "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096"
	for name, c := range map[string]struct {
		challenges []string
		code       string
	}{
		"foreign nonce":            {[]string{"r=xyzdef,s=QSXCR+Q6sek8bf92,i=4096"}, "auth.mechanism"},
		"endless work":             {[]string{"r=abcdef,s=QSXCR+Q6sek8bf92,i=2000000000"}, "auth.mechanism"},
		"work beyond counting":     {[]string{"r=abcdef,s=QSXCR+Q6sek8bf92,i=99999999999999999999"}, "auth.mechanism"},
		"too little work":          {[]string{"r=abcdef,s=QSXCR+Q6sek8bf92,i=1"}, "auth.mechanism"},
		"no iterations":            {[]string{"r=abcdef,s=QSXCR+Q6sek8bf92"}, "auth.mechanism"},
		"garbage":                  {[]string{"\x00\xff"}, "auth.mechanism"},
		"empty":                    {[]string{""}, "auth.mechanism"},
		"wrong server signature":   {[]string{first, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="}, "auth.server_unproven"},
		"wrong password":           {[]string{first, "e=invalid-proof"}, "auth.bad_credentials"},
		"unknown user at once":     {[]string{"e=unknown-user"}, "auth.bad_credentials"},
		"error of another kind":    {[]string{first, "e=other-error,x=1"}, "auth.rejected"},
		"success without a proof":  {[]string{first}, "auth.server_unproven"},
		"success at once, nothing": {nil, "auth.server_unproven"},
	} {
		t.Run(name, func(t *testing.T) {
			client := sasl.NewSCRAMWithNonce(sasl.SCRAMSHA256, "user", mailstead.NewSecret("pencil"), nonce)
			if _, _, err := client.Start(); err != nil {
				t.Fatal(err)
			}
			var err error
			for _, challenge := range c.challenges {
				if err != nil {
					t.Fatalf("refused too early: %v", err)
				}
				_, err = client.Next([]byte(challenge))
			}
			if err == nil {
				err = sasl.Complete(client)
			}
			if got := mailstead.CodeOf(err); got != c.code {
				t.Errorf("code = %q (%v), want %q", got, err, c.code)
			}
		})
	}
}

func TestSCRAMAgainstServer(t *testing.T) {
	for name, password := range map[string]string{
		"ASCII": "pencil", "needs SASLprep": "pass\u00a0w\u00aard", "emoji, which SASLprep forbids": "pass🔑word",
	} {
		for mechanism, hash := range map[string]scram.HashGeneratorFcn{sasl.SCRAMSHA1: scram.SHA1, sasl.SCRAMSHA256: scram.SHA256} {
			t.Run(name+" "+mechanism, func(t *testing.T) {
				user, err := hash.NewClient("tim,=x", password, "")
				if err != nil {
					user, _ = hash.NewClientUnprepped("tim,=x", password, "")
				}
				stored, err := user.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
				if err != nil {
					t.Fatal(err)
				}
				server, err := hash.NewServer(func(login string) (scram.StoredCredentials, error) {
					if login != "tim,=x" {
						return scram.StoredCredentials{}, errors.New("unknown user " + login)
					}
					return stored, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				client, err := sasl.Choose(sasl.Request{Offered: []string{mechanism}, Login: "tim,=x", Secret: mailstead.NewSecret(password), Encrypted: true})
				if err != nil {
					t.Fatal(err)
				}
				talk := server.NewConversation()
				_, message, err := client.Start()
				for range 2 {
					if err != nil {
						t.Fatal(err)
					}
					var challenge string
					if challenge, err = talk.Step(string(message)); err != nil {
						t.Fatal(err)
					}
					message, err = client.Next([]byte(challenge))
				}
				if err != nil || !talk.Valid() || sasl.Complete(client) != nil {
					t.Errorf("not signed in: %v, server %t, client %v", err, talk.Valid(), sasl.Complete(client))
				}
			})
		}
	}
}

func TestClientsPrintNoSecret(t *testing.T) {
	const password = "hunter2-hunter2"
	for _, mechanism := range []string{sasl.Plain, sasl.Login, sasl.CRAMMD5, sasl.SCRAMSHA1, sasl.SCRAMSHA256} {
		request := sasl.Request{Offered: []string{mechanism}, Login: "tim", Secret: mailstead.NewSecret(password), Encrypted: true}
		client, err := sasl.Choose(request)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []any{client, request, []any{client}, map[string]any{"a": client}} {
			asJSON, _ := json.Marshal(value)
			printed := fmt.Sprintf("%v %+v %#v %s %q %x %s", value, value, value, value, value, value, asJSON)
			if strings.Contains(printed, password) || strings.Contains(printed, fmt.Sprintf("%x", password)) {
				t.Errorf("%s prints its secret: %s", mechanism, printed)
			}
		}
	}
}

func FuzzSCRAMServerMessages(f *testing.F) {
	f.Add("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
	f.Add("e=other-error", "")
	f.Add("r=abc,s=,i=4096", "v=")
	f.Fuzz(func(t *testing.T, first, final string) {
		client := sasl.NewSCRAMWithNonce(sasl.SCRAMSHA256, "user", mailstead.NewSecret("pencil"), "abc")
		if _, _, err := client.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Next([]byte(first)); err != nil {
			return
		}
		_, err := client.Next([]byte(final))
		if (err == nil) != (sasl.Complete(client) == nil) {
			t.Errorf("final %q: Next says %v, Complete says %v", final, err, sasl.Complete(client))
		}
	})
}

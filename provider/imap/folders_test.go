package imap_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

func TestFolders(t *testing.T) {
	for name, c := range map[string]struct {
		caps string
		list string
		want []mailstead.RemoteFolder
	}{
		"names in all forms": {
			list: "* LIST () \"/\" INBOX\n" +
				"* list (\\hasnochildren) \"/\" \"A \\\"quoted\\\" \\\\ name\"\n" +
				"* LIST () \"/\" {7}\nliteral\n" +
				"* LIST () \"/\" Entw&APw-rfe\n" +
				"* LIST () \"/\" \"R&-D\"\n" +
				"* LIST () \"/\" \"&ZeVnLIqe-/&-\"\n" +
				"* LIST  ( )  NIL  flat\n" +
				"* LIST (\\Noselect) \".\" \"top\"\n" +
				"* LIST \".\" bare\n" +
				"* LIST () \"/\" two words\n",
			want: []mailstead.RemoteFolder{
				{Path: "INBOX", Delimiter: "/", Role: mailstead.FolderInbox},
				{Path: `A "quoted" \ name`, Delimiter: "/"},
				{Path: "literal", Delimiter: "/"},
				{Path: "Entwürfe", Delimiter: "/", Role: mailstead.FolderDrafts},
				{Path: "R&D", Delimiter: "/"},
				{Path: "日本語/&", Delimiter: "/"},
				{Path: "flat"},
				{Path: "top", Delimiter: ".", NoSelect: true},
				{Path: "bare", Delimiter: "."},
				{Path: "two words", Delimiter: "/"},
			},
		},
		"names that are not encoded": {
			list: "* LIST () \"/\" inbox\n* LIST () \"/\" \"R&D\"\n* LIST () \"/\" \"Entwürfe\"\n* LIST () \"/\" \"\xfc\"\n* LIST () \"/\" \"&2AA-\"\n* LIST () \"/\" \"\"\n* LIST\n* LIST () \"/\"\n",
			want: []mailstead.RemoteFolder{
				{Path: "INBOX", Delimiter: "/", Role: mailstead.FolderInbox},
				{Path: "R&D", Delimiter: "/"},
				{Path: "Entwürfe", Delimiter: "/", Role: mailstead.FolderDrafts},
				{Path: "�", Delimiter: "/"},
				{Path: "&2AA-", Delimiter: "/"},
			},
		},
		"what the server says counts": {
			list: "* LIST (\\HasNoChildren) \"/\" INBOX\n" +
				"* LIST (\\Sent) \"/\" Outbox\n* LIST () \"/\" Sent\n" +
				"* LIST (\\Trash) \"/\" Trash\n* LIST (\\Trash) \"/\" \"Deleted Items\"\n" +
				"* LIST (\\junk) \"/\" Rubbish\n* LIST (\\All \\Flagged) \"/\" Everything\n* LIST (\\Drafts \\NonExistent) \"/\" Nowhere\n" +
				"* LIST () \"/\" Drafts\n",
			want: []mailstead.RemoteFolder{
				{Path: "INBOX", Delimiter: "/", Role: mailstead.FolderInbox},
				{Path: "Outbox", Delimiter: "/", Role: mailstead.FolderSent},
				{Path: "Sent", Delimiter: "/"},
				{Path: "Trash", Delimiter: "/", Role: mailstead.FolderTrash},
				{Path: "Deleted Items", Delimiter: "/"},
				{Path: "Rubbish", Delimiter: "/", Role: mailstead.FolderJunk},
				{Path: "Everything", Delimiter: "/", Role: mailstead.FolderAll},
				{Path: "Nowhere", Delimiter: "/", NoSelect: true},
				{Path: "Drafts", Delimiter: "/", Role: mailstead.FolderDrafts},
			},
		},
		"the best name wins, near the top": {
			list: "* LIST () \".\" INBOX\n* LIST () \".\" \"INBOX.Sent Mail\"\n* LIST () \".\" \"INBOX.Sent\"\n" +
				"* LIST () \".\" \"INBOX.Customers.Drafts\"\n* LIST () \".\" Customers\n* LIST () \".\" Customers.Trash\n",
			want: []mailstead.RemoteFolder{
				{Path: "INBOX", Delimiter: ".", Role: mailstead.FolderInbox},
				{Path: "INBOX.Sent Mail", Delimiter: "."},
				{Path: "INBOX.Sent", Delimiter: ".", Role: mailstead.FolderSent},
				{Path: "INBOX.Customers.Drafts", Delimiter: "."},
				{Path: "Customers", Delimiter: "."},
				{Path: "Customers.Trash", Delimiter: "."},
			},
		},
		"Gmail without special use": {
			list: "* LIST () \"/\" INBOX\n* LIST (\\Noselect) \"/\" [Gmail]\n* LIST () \"/\" \"[Gmail]/Sent Mail\"\n* LIST () \"/\" [Gmail]/Spam\n",
			want: []mailstead.RemoteFolder{
				{Path: "INBOX", Delimiter: "/", Role: mailstead.FolderInbox},
				{Path: "[Gmail]", Delimiter: "/", NoSelect: true},
				{Path: "[Gmail]/Sent Mail", Delimiter: "/", Role: mailstead.FolderSent},
				{Path: "[Gmail]/Spam", Delimiter: "/", Role: mailstead.FolderJunk},
			},
		},
		"UTF-8 where that is the rule": {
			caps: "IMAP4rev2",
			list: "* LIST () \"/\" INBOX\n* LIST () \"/\" \"Entwürfe\"\n* LIST () \"/\" \"R&-D\"\n",
			want: []mailstead.RemoteFolder{
				{Path: "INBOX", Delimiter: "/", Role: mailstead.FolderInbox},
				{Path: "Entwürfe", Delimiter: "/", Role: mailstead.FolderDrafts},
				{Path: "R&-D", Delimiter: "/"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.caps == "" {
				c.caps = "IMAP4rev1"
			}
			s := &script{greeting: "* PREAUTH [CAPABILITY " + c.caps + "] hi\n", answers: signedIn(
				answer{command: `LIST "" "*"`, text: c.list + "TAG OK done\n"},
			)}
			got, err := openScript(t, s).Folders(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("folders (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFoldersFromServerThatOffersMoreThanItCan(t *testing.T) {
	s := &script{greeting: "* PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE] hi\n", answers: signedIn(
		answer{command: `LIST "" "*" RETURN (SPECIAL-USE)`, text: "TAG BAD syntax\n"},
		answer{command: `LIST "" "*"`, text: "* LIST () NIL INBOX\nTAG OK done\n"},
	)}
	got, err := openScript(t, s).Folders(t.Context())
	if err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestRolesByNameInManyLanguages(t *testing.T) {
	for language, names := range map[string][5]string{
		"English":    {"Sent Items", "Drafts", "Deleted Items", "Junk E-mail", "Archive"},
		"Italian":    {"Posta inviata", "Bozze", "Cestino", "Posta indesiderata", "Archivio"},
		"Russian":    {"Отправленные", "Черновики", "Корзина", "Спам", "Архив"},
		"Spanish":    {"Enviados", "Borradores", "Papelera", "Correo no deseado", "Archivo"},
		"German":     {"Gesendete Elemente", "Entwürfe", "Papierkorb", "Unerwünscht", "Archiv"},
		"French":     {"Éléments envoyés", "Brouillons", "Corbeille", "Courrier indésirable", "Archives"},
		"Polish":     {"Wysłane", "Szkice", "Kosz", "Niechciane", "Archiwum"},
		"Portuguese": {"Itens enviados", "Rascunhos", "Lixeira", "Lixo eletrônico", "Arquivo"},
		"Dutch":      {"Verzonden items", "Concepten", "Prullenbak", "Ongewenste e-mail", "Archief"},
		"Swedish":    {"Skickat", "Utkast", "Papperskorgen", "Skräppost", "Arkiv"},
		"Danish":     {"Sendt post", "Kladder", "Papirkurv", "Uønsket mail", "Arkiv"},
		"Norwegian":  {"Sendte elementer", "Utkast", "Slettede elementer", "Søppelpost", "Arkiv"},
		"Finnish":    {"Lähetetyt", "Luonnokset", "Roskakori", "Roskaposti", "Arkisto"},
		"Czech":      {"Odeslaná pošta", "Koncepty", "Koš", "Nevyžádaná pošta", "Archiv"},
		"Slovak":     {"Odoslaná pošta", "Koncepty", "Odstránené položky", "Nevyžiadaná pošta", "Archív"},
		"Hungarian":  {"Elküldött elemek", "Piszkozatok", "Törölt elemek", "Levélszemét", "Archívum"},
		"Romanian":   {"Elemente trimise", "Ciorne", "Coș de gunoi", "Mesaje nedorite", "Arhivă"},
		"Bulgarian":  {"Изпратени", "Чернови", "Кошче", "Нежелана поща", "Архив"},
		"Ukrainian":  {"Надіслані", "Чернетки", "Кошик", "Небажана пошта", "Архів"},
		"Croatian":   {"Poslano", "Skice", "Smeće", "Neželjena pošta", "Arhiva"},
		"Slovenian":  {"Poslane stavke", "Osnutki", "Koš za smeće", "Neželena pošta", "Arhiv"},
		"Serbian":    {"Послато", "Нацрти", "Смеће", "Нежељено", "Архива"},
		"Greek":      {"Απεσταλμένα", "Πρόχειρα", "Κάδος απορριμμάτων", "Ανεπιθύμητα", "Αρχείο"},
		"Turkish":    {"Gönderilmiş Öğeler", "Taslaklar", "Çöp Kutusu", "İstenmeyen", "Arşiv"},
		"Estonian":   {"Saadetud", "Mustandid", "Prügikast", "Rämpspost", "Arhiiv"},
		"Latvian":    {"Nosūtītie", "Melnraksti", "Miskaste", "Mēstules", "Arhīvs"},
		"Lithuanian": {"Išsiųsti", "Juodraščiai", "Šiukšlinė", "Brukalas", "Archyvas"},
		"Catalan":    {"Elements enviats", "Esborranys", "Paperera", "Correu brossa", "Arxiu"},
		"Chinese":    {"已发送", "草稿箱", "已删除", "垃圾邮件", "归档"},
		"Taiwanese":  {"寄件備份", "草稿匣", "垃圾桶", "垃圾郵件", "封存"},
		"Japanese":   {"送信済みメール", "下書き", "ゴミ箱", "迷惑メール", "アーカイブ"},
		"Korean":     {"보낸편지함", "임시보관함", "휴지통", "스팸메일함", "보관함"},
		"Hebrew":     {"פריטים שנשלחו", "טיוטות", "אשפה", "דואר זבל", "ארכיון"},
		"Arabic":     {"العناصر المرسلة", "المسودات", "المهملات", "البريد العشوائي", "الأرشيف"},
		"Vietnamese": {"Thư đã gửi", "Thư nháp", "Thùng rác", "Thư rác", "Lưu trữ"},
		"Indonesian": {"Pesan Terkirim", "Draf", "Sampah", "Email Sampah", "Arsip"},
		"Thai":       {"จดหมายที่ส่ง", "ร่างจดหมาย", "ถังขยะ", "จดหมายขยะ", "เก็บถาวร"},
	} {
		t.Run(language, func(t *testing.T) {
			list := "* LIST () \"/\" INBOX\n"
			for _, n := range names {
				list += "* LIST () \"/\" \"" + strings.ToUpper(n) + "\"\n"
			}
			s := &script{greeting: "* PREAUTH [CAPABILITY IMAP4rev2] hi\n", answers: signedIn(
				answer{command: `LIST "" "*"`, text: list + "TAG OK done\n"},
			)}
			got, err := openScript(t, s).Folders(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var roles []mailstead.FolderRole
			for _, f := range got {
				roles = append(roles, f.Role)
			}
			want := []mailstead.FolderRole{
				mailstead.FolderInbox, mailstead.FolderSent, mailstead.FolderDrafts,
				mailstead.FolderTrash, mailstead.FolderJunk, mailstead.FolderArchive,
			}
			if diff := cmp.Diff(want, roles); diff != "" {
				t.Errorf("roles of %q (-want +got):\n%s", names, diff)
			}
		})
	}
}

func TestSelectFromOddServers(t *testing.T) {
	for name, c := range map[string]struct {
		path    string
		answers []answer
		want    mailstead.FolderStatus
		kind    mailstead.Kind
		fails   bool
	}{
		"as it should be": {
			answers: []answer{{command: `EXAMINE "Entw&APw-rfe"`, text: "* FLAGS (\\Seen)\n* 5 EXISTS\n* 1 RECENT\n* OK [UIDVALIDITY 9] x\n* OK [UIDNEXT 12] x\n* OK [HIGHESTMODSEQ 77] x\nTAG OK [READ-ONLY] done\n"}},
			want:    mailstead.FolderStatus{UIDValidity: 9, UIDNext: 12, ModSeq: 77, Total: 5},
		},
		"lower case and large numbers": {
			answers: []answer{{command: "EXAMINE", text: "* 5 exists\n* ok [uidvalidity 4294967295] x\n* ok [uidnext 4294967295]\n* ok [highestmodseq 9223372036854775807]\nTAG ok done\n"}},
			want:    mailstead.FolderStatus{UIDValidity: 4294967295, UIDNext: 4294967295, ModSeq: 9223372036854775807, Total: 5},
		},
		"no mod-sequences": {
			answers: []answer{{command: "EXAMINE", text: "* 5 EXISTS\n* OK [UIDVALIDITY 9] x\n* OK [UIDNEXT 12] x\n* OK [NOMODSEQ] x\nTAG OK done\n"}},
			want:    mailstead.FolderStatus{UIDValidity: 9, UIDNext: 12, Total: 5},
		},
		"no UIDNEXT": {
			answers: []answer{
				{command: "EXAMINE", text: "* 5 EXISTS\n* OK [UIDVALIDITY 9] x\nTAG OK done\n"},
				{command: "UID FETCH * (UID)", text: "* 5 FETCH (UID 41)\nTAG OK done\n"},
			},
			want: mailstead.FolderStatus{UIDValidity: 9, UIDNext: 42, Total: 5},
		},
		"no UIDNEXT and empty": {
			answers: []answer{{command: "EXAMINE", text: "* 0 EXISTS\n* OK [UIDVALIDITY 9] x\nTAG OK done\n"}},
			want:    mailstead.FolderStatus{UIDValidity: 9, UIDNext: 1},
		},
		"no UIDVALIDITY": {
			answers: []answer{{command: "EXAMINE", text: "* 5 EXISTS\nTAG OK done\n"}},
			fails:   true, kind: mailstead.KindPermanent,
		},
		"negative numbers": {
			answers: []answer{{command: "EXAMINE", text: "* -5 EXISTS\n* OK [UIDVALIDITY -1] x\nTAG OK done\n"}},
			fails:   true, kind: mailstead.KindPermanent,
		},
		"gone": {
			answers: []answer{{command: "EXAMINE", text: "TAG NO [NONEXISTENT] no such mailbox\n"}},
			fails:   true, kind: mailstead.KindNotFound,
		},
		"gone, without a code": {
			answers: []answer{{command: "EXAMINE", text: "TAG NO Mailbox doesn't exist\n"}, {command: "LIST", text: "TAG OK done\n"}},
			fails:   true, kind: mailstead.KindNotFound,
		},
		"there, but refused without a code": {
			answers: []answer{{command: "EXAMINE", text: "TAG NO Unsafe Login\n"}, {command: "LIST", text: "* LIST () NIL Entw&APw-rfe\nTAG OK done\n"}},
			fails:   true, kind: mailstead.KindTemporary,
		},
		"in use": {
			answers: []answer{{command: "EXAMINE", text: "TAG NO [INUSE] locked\n"}},
			fails:   true, kind: mailstead.KindTemporary,
		},
		"not permitted": {
			answers: []answer{{command: "EXAMINE", text: "TAG NO [NOPERM] no\n"}},
			fails:   true, kind: mailstead.KindPermanent,
		},
		"a name that the server does not encode": {
			path: "R&D",
			answers: []answer{
				{command: `EXAMINE "R&-D"`, text: "TAG NO [NONEXISTENT] no such mailbox\n"},
				{command: `EXAMINE "R&D"`, text: "* 5 EXISTS\n* OK [UIDVALIDITY 9] x\n* OK [UIDNEXT 12] x\nTAG OK done\n"},
			},
			want: mailstead.FolderStatus{UIDValidity: 9, UIDNext: 12, Total: 5},
		},
		"a hostile name": {
			path:    "x\"\r\na9 LOGOUT",
			answers: []answer{{command: `EXAMINE "x\"&AA0ACg-a9 LOGOUT"`, text: "* 5 EXISTS\n* OK [UIDVALIDITY 9] x\n* OK [UIDNEXT 12] x\nTAG OK done\n"}},
			want:    mailstead.FolderStatus{UIDValidity: 9, UIDNext: 12, Total: 5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.path == "" {
				c.path = "Entwürfe"
			}
			s := &script{answers: signedIn(append([]answer{{command: `EXAMINE "INBOX"`, text: "* OK [UIDVALIDITY 1] x\nTAG OK done\n"}}, c.answers...)...)}
			got, err := openScript(t, s).Select(t.Context(), c.path)
			if (err != nil) != c.fails || (c.fails && mailstead.KindOf(err) != c.kind) {
				t.Errorf("got error %v; the client said %q", err, s.said())
			}
			if diff := cmp.Diff(c.want, got); diff != "" && !c.fails {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

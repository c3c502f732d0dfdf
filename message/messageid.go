package message

import (
	"crypto/rand"
	"strings"
)

// NewMessageID returns a new Message-ID without brackets (RFC 5322 section
// 3.6.4): 130 random bits at the given domain.
func NewMessageID(domain string) string {
	domain = strings.ToLower(domain)
	for i := 0; i < len(domain); i++ {
		if c := domain[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			domain = ""
			break
		}
	}
	if domain == "" || len(domain) > 253 {
		domain = "mailstead.invalid"
	}
	return strings.ToLower(rand.Text()) + "@" + domain
}

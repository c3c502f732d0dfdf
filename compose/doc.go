// Package compose makes drafts out of mails (replies and forwards) and mails out
// of drafts.
package compose

package sasl

import (
	gosasl "github.com/emersion/go-sasl"

	"github.com/mailstead/mailstead"
)

// NewSCRAMWithNonce is a SCRAM client with the nonce of an RFC's example.
func NewSCRAMWithNonce(mechanism, login string, secret mailstead.Secret, nonce string) gosasl.Client {
	keys := scramKeys(mechanism, login, secret).WithNonceGenerator(func() string { return nonce })
	return &scramClient{mechanism: mechanism, conversation: keys.NewConversation()}
}

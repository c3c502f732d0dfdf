//go:build soak && realservers

package web_test

// soak: what takes longer than make test may is looked at too.
const soak = true

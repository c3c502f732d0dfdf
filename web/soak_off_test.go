//go:build !soak && realservers

package web_test

// soak: see soak_on_test.go.
const soak = false

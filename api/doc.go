// Package api is Mailstead's REST interface: the one door for pages, programs and
// the command line.
//
// A request passes these steps:
//
//  1. It gets an id and the security headers; a panic behind this point becomes an
//     answer and a line in the log.
//  2. An unsafe method that a browser sends from another site is refused.
//  3. The route is found; what is not there is answered as a problem.
//  4. Where the route asks for it, the cookie or the token is turned into the Actor
//     before any of the body is read.
//  5. huma reads and checks parameters and body against the schema.
//  6. The handler decodes, calls one method of one journey, and renders. Rights are
//     the journeys' business.
//  7. An error leaves by one writer as application/problem+json (RFC 9457); its Kind
//     decides the status.
//
// The OpenAPI document is made from the same types and is a golden file of the
// tests.
package api

//go:generate go test -run ^TestOpenAPIGolden$ . -update

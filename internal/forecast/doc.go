// Package forecast says what a move will be like before it is made: whether it ends under its policy and by what
// means, how long it takes, what it sends, and what the guest feels of it, each with a low and a high.
//
// The package is pure: it talks to nothing, has no clock, and imports policy only.
package forecast

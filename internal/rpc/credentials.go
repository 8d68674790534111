package rpc

// Password is a secret that does not show when it is printed.
type Password string

// String hides the password.
func (Password) String() string { return "(hidden)" }

// GoString hides the password.
func (Password) GoString() string { return "(hidden)" }

// Credentials are what a daemon that wants SASL is told.
type Credentials struct {
	Username string
	Password Password
}

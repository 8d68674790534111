package rpc

// Password is a secret that does not show when it is printed.
type Password string

// String hides the password.
func (Password) String() string { return "(hidden)" }

// GoString hides the password.
func (Password) GoString() string { return "(hidden)" }

// Credentials are the user name and password for a daemon that requires SASL.
type Credentials struct {
	Username string
	Password Password
}

package preflight

// GraphicsPort is a TCP port of the graphical console of a domain that runs on a host.
type GraphicsPort struct {
	// Domain is its name.
	Domain string
	// Address is what it listens on, such as "0.0.0.0".
	Address string
	Port    int
}

package lab

// Option changes the lab that [Main] and [Run] start.
type Option func(*options)

type options struct {
	hosts    int
	releases []Release
	guests   []GuestSpec
}

// WithHosts sets the number of hosts, 1 to 64; the default is 2.
func WithHosts(count int) Option {
	return func(o *options) { o.hosts = count }
}

// WithGuests starts guests before the program.
func WithGuests(specs ...GuestSpec) Option {
	return func(o *options) { o.guests = append(o.guests, specs...) }
}

func collect(opts []Option) options {
	o := options{hosts: 2}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

package definition

// Changes are what is called otherwise on another host. The zero value changes nothing.
type Changes struct {
	// Interfaces maps what an interface is plugged into, by its name, to what it is to be plugged
	// into: from bridge to bridge, from network to network, and, for a macvtap (type "direct"),
	// from device to device. The type of the interface stays.
	Interfaces map[string]string
	// GraphicsListen is the address that VNC and SPICE consoles listen on; empty changes none. That of
	// a host changes no console whose address each host has, such as the loopback's.
	GraphicsListen string
	// Disks maps targets, such as "vda", to the path of the image, the block device or the medium.
	Disks map[string]string
	// Emulator is the path of QEMU, and NVRAM that of the file with the variables of a UEFI
	// firmware; empty changes nothing.
	Emulator, NVRAM string
}

// Names of the changes, as a configuration calls them.
const (
	KeyInterfaces     = "interfaces"
	KeyGraphicsListen = "graphics_listen"
	KeyDisks          = "disks"
	KeyEmulator       = "emulator"
	KeyNVRAM          = "nvram"
)

// Device is a kind of device, or of another part of a definition, that can be changed.
type Device string

// The devices.
const (
	Interface Device = "interface"
	Graphics  Device = "graphics"
	Disk      Device = "disk"
	Emulator  Device = "emulator"
	NVRAM     Device = "nvram"
)

// Change is a change of one device.
type Change struct {
	Device Device `json:"device"`
	// Key tells devices of one kind apart: the MAC address of an interface, the target of a disk,
	// "vnc" or "spice" of a console. It is empty for an emulator and for NVRAM.
	Key string `json:"key,omitempty"`
	// Old is what it was, and New what it is to be: a bridge, network or device, an address, or a
	// path. Either is empty for the address that libvirt chooses.
	Old string `json:"old"`
	New string `json:"new"`
}

// of tells whether two changes are about one device.
func (c Change) of(other Change) bool { return c.Device == other.Device && c.Key == other.Key }

// Undo adds what takes changes back to a list that takes back later ones. A device that was
// changed by others in between is left as it is: both sides have to fit. Two devices may have one
// key, such as the interfaces of a team, which have one MAC address.
func Undo(later, changes []Change) []Change {
	u := undoing{all: append([]Change{}, later...), taken: make([]bool, len(later))}
	for _, c := range u.chain(changes) {
		if i := u.take(c, func(Change) bool { return true }); i >= 0 {
			u.all[i].New = u.all[i].Old // to what it is
		} else {
			u.all = append(u.all, Change{c.Device, c.Key, c.New, c.Old})
		}
	}
	return u.all
}

// UndoPerhaps is Undo for changes of which nobody knows whether they were made. Where a later one begins with what
// they make, they were; where it does not, they are passed over.
func UndoPerhaps(later, changes []Change) []Change {
	u := undoing{all: append([]Change{}, later...), taken: make([]bool, len(later))}
	for _, c := range u.chain(changes) {
		if u.take(c, func(Change) bool { return true }) < 0 {
			u.all = append(u.all, Change{c.Device, c.Key, c.New, c.Old})
		}
	}
	return u.all
}

// undoing is one run of Undo: the list, and which of the later ones are taken.
type undoing struct {
	all   []Change
	taken []bool
}

// take is the index of the first later change of a device that is not taken and fits, or negative.
func (u *undoing) take(c Change, fits func(Change) bool) int {
	for i, taken := range u.taken {
		if !taken && u.all[i].of(c) && fits(u.all[i]) {
			u.taken[i] = true
			return i
		}
	}
	return -1
}

// chain takes back the changes whose results later ones began with, and returns the others.
func (u *undoing) chain(changes []Change) []Change {
	var others []Change
	for _, c := range changes {
		if i := u.take(c, func(later Change) bool { return later.New == c.New }); i >= 0 {
			u.all[i].New = c.Old
		} else {
			others = append(others, c)
		}
	}
	return others
}

// Origin is who asks for a change.
type Origin string

// The origins, from the strongest to the weakest.
const (
	ByMove    Origin = "move"
	ByHost    Origin = "host"
	ByHistory Origin = "history"
)

// Request is what a definition is to be rewritten by.
type Request struct {
	// Move is what is asked for with the move, and Host what always holds on its destination.
	Move, Host Changes
	// Back is what takes back the changes of earlier moves: of a device that still is Old it makes
	// New again.
	Back []Change
}

// Empty tells whether nothing is asked for.
func (r Request) Empty() bool { return r.Move.empty() && r.Host.empty() && len(r.Back) == 0 }

func (c Changes) empty() bool {
	return len(c.Interfaces) == 0 && c.GraphicsListen == "" && len(c.Disks) == 0 && c.Emulator == "" && c.NVRAM == ""
}

// Applied is a change that was made, and who asked for it.
type Applied struct {
	Change

	Origin Origin
}

// Unused is a part of Request.Move that fits nothing.
type Unused struct {
	// Key is the name of the change, and Name what it was asked for: the source of an interface
	// or the target of a disk; else empty.
	Key, Name string
	// Pathless is true for a disk that is there and has no path: an empty drive, a network disk,
	// or a volume of a pool.
	Pathless bool
}

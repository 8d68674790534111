package definition

import (
	"maps"
	"net/netip"
	"slices"
)

// Result is a definition that was rewritten.
type Result struct {
	// XML is the new definition: the same text as before where nothing was changed.
	XML string
	// Changes are what was changed, in the order of the definition.
	Changes []Applied
	// Unused are the parts of Request.Move that fit nothing, ordered by their keys.
	Unused []Unused
}

// Made are the changes without who asked for them.
func (r Result) Made() []Change {
	var made []Change
	for _, a := range r.Changes {
		made = append(made, a.Change)
	}
	return made
}

// Apply rewrites a definition. What a move asks for comes before what its destination asks for,
// for each device by itself, and both before what takes earlier changes back. A value that is
// there already is no change.
func Apply(definition string, r Request) (Result, error) {
	if r.Empty() {
		return Result{XML: definition}, nil
	}
	root, err := parse(definition)
	if err != nil {
		return Result{}, err
	}
	w := &rewriting{Request: r, editor: editor{text: definition}, used: map[Unused]bool{}}
	w.nvram(root.first("os"))
	devices := root.first("devices")
	if e := devices.first("emulator"); e != nil {
		w.path(Emulator, KeyEmulator, e, r.Move.Emulator, r.Host.Emulator)
	}
	for _, d := range devices.all("disk") {
		w.disk(d)
	}
	for _, i := range devices.all("interface") {
		w.nic(i)
	}
	for _, g := range devices.all("graphics") {
		w.graphics(g)
	}
	return Result{w.result(), w.changes, w.unused()}, nil
}

// rewriting is one run of Apply.
type rewriting struct {
	Request
	editor

	changes []Applied
	// used are the parts of Request.Move that fit something; pathless the targets of disks
	// without a path.
	used     map[Unused]bool
	pathless []string
}

// change decides what becomes of a device; ok is false where nothing does. An empty value asks
// for nothing.
func (w *rewriting) change(device Device, key, old, byMove, byHost string) (value string, ok bool) {
	made := Applied{Change{device, key, old, byMove}, ByMove}
	switch i := slices.IndexFunc(w.Back, func(b Change) bool { return b.of(made.Change) && b.Old == old }); {
	case byMove != "":
	case byHost != "":
		made.New, made.Origin = byHost, ByHost
	case i >= 0:
		made.New, made.Origin = w.Back[i].New, ByHistory
	default:
		return "", false
	}
	if made.New == old {
		return "", false
	}
	w.changes = append(w.changes, made)
	return made.New, true
}

// path changes a path that is the text of an element.
func (w *rewriting) path(device Device, name string, e *element, byMove, byHost string) {
	if e.text == "" || len(e.children) > 0 {
		return
	}
	w.used[Unused{Key: name}] = true
	if value, ok := w.change(device, "", e.text, byMove, byHost); ok {
		w.setText(e, value)
	}
}

func (w *rewriting) nvram(os *element) {
	e := os.first("nvram")
	if e == nil {
		return
	}
	source := e.first("source")
	if source == nil {
		w.path(NVRAM, KeyNVRAM, e, w.Move.NVRAM, w.Host.NVRAM)
		return
	}
	if old := source.attribute("file"); old != "" {
		w.used[Unused{Key: KeyNVRAM}] = true
		if value, ok := w.change(NVRAM, "", old, w.Move.NVRAM, w.Host.NVRAM); ok {
			w.setAttribute(source, "file", value)
		}
	}
}

// pathAttributes are where the source of a disk has its path, by the disk's type.
var pathAttributes = map[string]string{"file": "file", "block": "dev", "dir": "dir"}

func (w *rewriting) disk(e *element) {
	target, source := e.first("target").attribute("dev"), e.first("source")
	name := pathAttributes[e.attribute("type")]
	old := source.attribute(name)
	if target == "" || name == "" || old == "" {
		w.pathless = append(w.pathless, target)
		return
	}
	w.used[Unused{Key: KeyDisks, Name: target}] = true
	if value, ok := w.change(Disk, target, old, w.Move.Disks[target], w.Host.Disks[target]); ok {
		w.setAttribute(source, name, value)
	}
}

// plugAttributes are where the source of an interface has its name, by the interface's type.
var plugAttributes = map[string]string{"bridge": "bridge", "network": "network", "direct": "dev"}

func (w *rewriting) nic(e *element) {
	mac, source := e.first("mac").attribute("address"), e.first("source")
	name := plugAttributes[e.attribute("type")]
	old := source.attribute(name)
	if name == "" || old == "" {
		return
	}
	w.used[Unused{Key: KeyInterfaces, Name: old}] = true
	value, ok := w.change(Interface, mac, old, w.Move.Interfaces[old], w.Host.Interfaces[old])
	if !ok {
		return
	}
	w.setAttribute(source, name, value)
	if name == "network" { // what libvirt notes of the interface's port in the old network
		w.setAttribute(source, "portid", "")
		w.setAttribute(source, "bridge", "")
	}
}

// graphics changes where a console listens, which its element has twice: as an attribute, and
// in the element of its first listener.
func (w *rewriting) graphics(e *element) {
	kind, listener := e.attribute("type"), e.first("listen")
	old := e.attribute("listen")
	switch {
	case kind != "vnc" && kind != "spice", e.attribute("socket") != "":
		return
	case listener == nil:
	case listener.attribute("type") != "address":
		return // a network's address, a socket, or none
	default:
		old = listener.attribute("address")
	}
	w.used[Unused{Key: KeyGraphicsListen}] = true
	byHost := w.Host.GraphicsListen
	if ofAnyHost(old) {
		byHost = "" // it would open a console that only its host reaches
	}
	value, ok := w.change(Graphics, kind, old, w.Move.GraphicsListen, byHost)
	if !ok {
		return
	}
	w.setAttribute(e, "listen", value)
	if listener != nil {
		w.setAttribute(listener, "address", value)
	}
}

// ofAnyHost tells of an address that each host has: none, all of its own, or the loopback's.
func ofAnyHost(address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address == "" || address == "localhost"
	}
	return a.Unmap().IsUnspecified() || a.Unmap().IsLoopback()
}

// unused are the parts of Request.Move that fit nothing.
func (w *rewriting) unused() []Unused {
	var asked []Unused
	for _, target := range slices.Sorted(maps.Keys(w.Move.Disks)) {
		asked = append(asked, Unused{Key: KeyDisks, Name: target})
	}
	for _, part := range []struct{ key, value string }{
		{KeyEmulator, w.Move.Emulator}, {KeyGraphicsListen, w.Move.GraphicsListen},
	} {
		if part.value != "" {
			asked = append(asked, Unused{Key: part.key})
		}
	}
	for _, source := range slices.Sorted(maps.Keys(w.Move.Interfaces)) {
		asked = append(asked, Unused{Key: KeyInterfaces, Name: source})
	}
	if w.Move.NVRAM != "" {
		asked = append(asked, Unused{Key: KeyNVRAM})
	}
	var unused []Unused
	for _, u := range asked {
		if !w.used[u] {
			u.Pathless = u.Key == KeyDisks && slices.Contains(w.pathless, u.Name)
			unused = append(unused, u)
		}
	}
	return unused
}

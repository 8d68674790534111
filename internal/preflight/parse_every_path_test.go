package preflight_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// pathFields are the names of libvirtxml's fields that have a path or a socket of the host.
var pathFields = []string{
	"AgentSock", "DTB", "Database", "Dev", "Device", "Dir", "EVDev", "File", "Initrd", "Kernel", "Keyfile", "LogFile",
	"Master", "NVRam", "Path", "RenderNode", "Shim", "Slave", "Socket", "Tap", "Template", "VHost", "XAuth",
}

// leftOut are the fields that no destination is asked about, and why, by the end of the way to them or by a part of it.
var leftOut = map[string]string{
	"Pty.Path":                    "libvirt takes another one at each start",
	"SMBIOS":                      "an entry of SMBIOS has no file",
	"OS.BootDevices.Dev":          "it is a kind of device, such as hd",
	"OS.NVRam.Template":           "it is needed only where the NVRAM is not there",
	"Mirror":                      "the source refuses to move a VM with a block job",
	"Filesystems.Source.Block":    "only LXC has it",
	"Filesystems.Source.File":     "only LXC has it",
	"Filesystems.Source.Bind":     "only LXC has it",
	"Guest.Dev":                   "only LXC has it",
	"DownScript":                  "it runs when the VM ends there, and its failure is nobody's",
	"HostCerts":                   "it is a name in a database",
	"RDP.Listeners":               "a socket there is made for it",
	"Spice.Listeners":             "a socket there is made for it",
	"VNC.Listeners":               "a socket there is made for it",
	"VNC.Socket":                  "libvirt writes it as a <listen>, too",
	"Hostdevs.SubsysSCSI":         "the source refuses to move a VM with such a device",
	"LaunchSecurity":              "the source refuses to move a VM with encrypted memory",
	"VHostUser.Dev.Path":          "libvirt takes no other socket than a UNIX one",
	"VHostUser.Chardev.Dev.Path":  "libvirt takes no other socket than a UNIX one",
	"VHostUser.File.Path":         "libvirt takes no other socket than a UNIX one",
	"VHostUser.Chardev.File.Path": "libvirt takes no other socket than a UNIX one",
	"VHostUser.Pipe.Path":         "libvirt takes no other socket than a UNIX one",
	"VHostUser.Chardev.Pipe.Path": "libvirt takes no other socket than a UNIX one",
}

// Parse sees every path that a definition can have.
func TestParse_everyPath(t *testing.T) {
	t.Parallel()
	unused := map[string]bool{}
	for way := range leftOut {
		unused[way] = true
	}
	seen := 0
	for _, way := range waysTo(reflect.TypeFor[libvirtxml.Domain](), nil) {
		probe := "/probe/it"
		definition := definitionWith(t, way, probe)
		if !strings.Contains(definition, probe) {
			continue // the element has another form where that is set
		}
		guest, err := preflight.Parse(definition)
		if err != nil {
			t.Errorf("%s: %v", way, err)
			continue
		}
		name := way.String()
		handled, excused := strings.Contains(fmt.Sprintf("%+v", *guest), probe), false
		for part := range leftOut {
			if strings.Contains(name+".", part+".") {
				excused = true
				delete(unused, part)
			}
		}
		if handled {
			seen++
		}
		if !handled && !excused {
			t.Errorf("%s is a path, and nobody asks for it", name)
		}
	}
	if seen == 0 {
		t.Error("no path is seen")
	}
	for part := range unused {
		t.Errorf("%s is left out, and is no path", part)
	}
}

// way is the fields from a domain to a path.
type way []reflect.StructField

func (w way) String() string {
	var b strings.Builder
	for i, f := range w {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(f.Name)
	}
	return b.String()
}

// waysTo are the ways to all fields below t with such a name; a type is entered once on each way.
func waysTo(t reflect.Type, entered []reflect.Type) []way {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || slices.Contains(entered, t) {
		return nil
	}
	var all []way
	for _, f := range reflect.VisibleFields(t) {
		if f.Type.Kind() == reflect.String && slices.Contains(pathFields, f.Name) {
			all = append(all, way{f})
		}
		for _, rest := range waysTo(f.Type, append(slices.Clone(entered), t)) {
			all = append(all, append(way{f}, rest...))
		}
	}
	return all
}

// typed gives the devices the types without which they are none.
func typed(devices *libvirtxml.DomainDeviceList) {
	if devices == nil {
		return
	}
	for i := range devices.Interfaces {
		if d := &devices.Interfaces[i]; d.Source == nil {
			d.Source = &libvirtxml.DomainInterfaceSource{Ethernet: &libvirtxml.DomainInterfaceSourceEthernet{}}
		}
	}
	for i := range devices.Inputs {
		devices.Inputs[i].Type = "evdev"
		if devices.Inputs[i].Source.Passthrough != nil {
			devices.Inputs[i].Type = "passthrough"
		}
	}
	for i := range devices.Smartcards {
		if d := &devices.Smartcards[i]; d.Database != "" {
			d.HostCerts = make([]libvirtxml.DomainSmartcardHostCert, 3)
		}
	}
}

// definitionWith is a domain that has nothing but a value at the end of the way.
func definitionWith(t *testing.T, w way, value string) string {
	t.Helper()
	domain := libvirtxml.Domain{Type: "kvm"}
	v := reflect.ValueOf(&domain).Elem()
	for _, f := range w {
		v = v.FieldByIndex(f.Index)
		for {
			if v.Kind() == reflect.Pointer {
				v.Set(reflect.New(v.Type().Elem()))
				v = v.Elem()
			} else if v.Kind() == reflect.Slice {
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
				v = v.Index(0)
			} else {
				break
			}
		}
	}
	v.SetString(value)
	typed(domain.Devices)
	definition, err := domain.Marshal()
	if err != nil {
		t.Fatalf("%s: %v", w, err)
	}
	return definition
}

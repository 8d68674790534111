package host

import (
	"testing"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

func TestRefusedByPeer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code          libvirt.ErrorNumber
		message, peer string
		want          bool
	}{
		"refused":                   {libvirt.ErrSystemError, "unable to connect to server at '10.0.0.2:16509': Connection refused", "qemu+tcp://10.0.0.2/system", true},
		"refused on another port":   {libvirt.ErrSystemError, "unable to connect to server at '10.0.0.2:16599': Connection refused", "qemu+tcp://10.0.0.2:16599/system", true},
		"refused over TLS":          {libvirt.ErrSystemError, "unable to connect to server at 'kvm2:16514': No route to host", "qemu://kvm2/system", true},
		"unknown name":              {libvirt.ErrSystemError, "Unable to resolve address 'kvm2' service '16509': Name or service not known", "qemu+tcp://kvm2/system", true},
		"SSH refused":               {libvirt.ErrSystemError, "Cannot recv data: ssh: connect to host kvm2 port 22: Connection refused: Connection reset by peer", "qemu+ssh://root@kvm2/system", true},
		"SSH login refused":         {libvirt.ErrSystemError, "Cannot recv data: root@kvm2: Permission denied (publickey).: Connection reset by peer", "qemu+ssh://root@kvm2/system", true},
		"SSH host key unknown":      {libvirt.ErrSystemError, "Cannot recv data: Host key verification failed.: Connection reset by peer", "qemu+ssh://root@kvm2/system", true},
		"SSH, no socket":            {libvirt.ErrSystemError, "End of file while reading data: virt-ssh-helper: cannot connect to '/var/run/libvirt/libvirt-sock': No such file or directory: Input/output error", "qemu+ssh://kvm2/system", true},
		"SSH cut in mid-job":        {libvirt.ErrSystemError, "Cannot recv data: Connection to kvm2 closed by remote host.: Connection reset by peer", "qemu+ssh://kvm2/system", false},
		"login refused":             {libvirt.ErrAuthFailed, "authentication failed", "qemu+tls://kvm2/system", true},
		"memory stream refused":     {libvirt.ErrSystemError, "unable to connect to server at '10.0.0.2:49152': Connection refused", "qemu+tcp://10.0.0.2/system", false},
		"memory stream, near port":  {libvirt.ErrSystemError, "unable to connect to server at '10.0.0.2:165090': Connection refused", "qemu+tcp://10.0.0.2/system", false},
		"migration URI unknown":     {libvirt.ErrSystemError, "Unable to resolve address 'kvm2' service '49152': Name or service not known", "qemu+tcp://kvm2/system", false},
		"disk missing at the other": {libvirt.ErrSystemError, "Cannot access storage file '/var/lib/kvm2.img': No such file or directory", "qemu+tcp://kvm2/system", false},
		"job aborted":               {libvirt.ErrOperationAborted, "migration to kvm2:16509 canceled", "qemu+tcp://kvm2/system", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := refusedByPeer(&Error{Code: int(test.code), Message: test.message}, transport.NewPeer(test.peer)); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

package lab

import (
	"bytes"
	"fmt"
)

// cpioEntry is one file of an initrd.
type cpioEntry struct {
	name         string
	mode         uint32 // type and permissions, as in stat(2)
	major, minor uint32 // device numbers of a device file
	content      []byte
}

// cpio returns an archive in the "newc" format that the kernel unpacks, described in its
// Documentation/driver-api/early-userspace/buffer-format.rst.
func cpio(entries []cpioEntry) []byte {
	var archive bytes.Buffer
	pad := func() {
		for archive.Len()%4 != 0 {
			archive.WriteByte(0)
		}
	}
	for number, entry := range append(entries, cpioEntry{name: "TRAILER!!!"}) {
		fmt.Fprintf(&archive, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
			number+1, entry.mode, 0, 0, 1, 0, len(entry.content), 0, 0, entry.major, entry.minor, len(entry.name)+1, 0)
		archive.WriteString(entry.name)
		archive.WriteByte(0)
		pad()
		archive.Write(entry.content)
		pad()
	}
	return archive.Bytes()
}

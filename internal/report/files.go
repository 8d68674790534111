package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// longestName bounds the VM's name in the name of a file, in bytes.
const longestName = 64

// Write puts the report into a directory, which it makes where there is none:
// STARTED-VM-UUID.json and .svg, and the metrics of the VM's last move as UUID.prom. Each
// file appears whole, or not at all. It deletes nothing; only the metrics replace those of
// the move before. It returns the path of the document.
func Write(directory string, d Document) (path string, err error) {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(directory, d.name()+".json")
	document, err := d.JSON()
	if err != nil {
		return "", err
	}
	if err := replace(path, document); err != nil {
		return "", err
	}
	picture, err := d.SVG()
	if err == nil {
		err = replace(filepath.Join(directory, d.name()+".svg"), picture)
	}
	return path, errors.Join(err, replace(filepath.Join(directory, safe(d.VM.UUID)+".prom"), d.Metrics()))
}

// name is that of its files, without their endings.
func (d Document) name() string {
	started := d.Move.StartedAt.UTC().Format("20060102T150405.000Z")
	return started + "-" + safe(d.VM.Name) + "-" + safe(d.VM.UUID)
}

// safe is a name that any file system takes, and no shell takes apart.
func safe(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()[:min(b.Len(), longestName)]
}

// replace writes a file under another name, and renames it once it is whole. Others may
// read it: a monitoring agent runs as another user.
func replace(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".virt-*")
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(content).WriteTo(temporary)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		os.Remove(temporary.Name())
	}
	return err
}

package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed configuration/*.tf
var files embed.FS

const mainFile = "main.tf"

// configuration is the Terraform configuration of the demo, in the workspace of the CLI.
type configuration struct {
	directory string
	main      string
}

// anyLink is the line of the link in the embedded configuration.
const anyLink = "bandwidth_mib_per_second = 50 "

// newConfiguration writes the configuration that the demo begins with, over a link of so many MiB/s.
func newConfiguration(directory string, link int) (*configuration, error) {
	beginning, err := fs.Sub(files, "configuration")
	if err != nil {
		return nil, err
	}
	if err := os.CopyFS(directory, beginning); err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(beginning, mainFile)
	if err != nil {
		return nil, err
	}
	this := fmt.Sprintf("bandwidth_mib_per_second = %-3d", link)
	c := &configuration{directory: directory, main: strings.Replace(string(text), anyLink, this, 1)}
	return c, c.change(nil)
}

// edit is a change inside one block of the configuration.
type edit struct {
	// block is its first line, without the brace.
	block string
	// remove is a line of it, empty for none; add are the lines that take its place, or come last in the block.
	remove string
	add    []string
}

// String shows the edit the way diff does.
func (e edit) String() string {
	lines := []string{"  " + e.block + " {"}
	if e.remove != "" {
		lines = append(lines, "-   "+e.remove)
	}
	for _, line := range e.add {
		lines = append(lines, "+   "+line)
	}
	return strings.Join(append(lines, "  }"), "\n")
}

// change makes the edits.
func (c *configuration) change(edits []edit) error {
	for _, e := range edits {
		changed, err := e.apply(c.main)
		if err != nil {
			return err
		}
		c.main = changed
	}
	return os.WriteFile(filepath.Join(c.directory, mainFile), []byte(c.main), 0o600)
}

func (e edit) apply(text string) (string, error) {
	lines := strings.Split(text, "\n")
	first := slices.Index(lines, e.block+" {")
	if first < 0 {
		return "", fmt.Errorf("the configuration has no block %s", e.block)
	}
	last := first + slices.Index(lines[first:], "}")
	added := indented(e.add)
	if e.remove == "" {
		return strings.Join(slices.Insert(lines, last, append([]string{""}, added...)...), "\n"), nil
	}
	at := slices.Index(lines[first:last], "  "+e.remove)
	if at < 0 {
		return "", fmt.Errorf("block %s has no line %s", e.block, e.remove)
	}
	return strings.Join(slices.Replace(lines, first+at, first+at+1, added...), "\n"), nil
}

func indented(lines []string) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = "  " + line
	}
	return all
}

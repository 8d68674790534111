//go:build lab

package main

import "testing"

// TestConfigurationIsValid has Terraform look at the configuration of every step, with the provider of this checkout.
func TestConfigurationIsValid(t *testing.T) {
	t.Parallel()
	k := &kit{Directory: t.TempDir()}
	if err := k.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := newConfiguration(k.workspace(), 42)
	if err != nil {
		t.Fatal(err)
	}
	cli := &terraform{kit: k}
	if err := cli.init(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if err := c.change(s.edits); err != nil {
			t.Fatalf("%s: %v", s.title, err)
		}
		if printed, err := cli.command(t.Context(), "validate", "-no-color").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", s.title, err, printed)
		}
		if printed, err := cli.command(t.Context(), "fmt", "-check", "-diff", "-no-color").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", s.title, err, printed)
		}
	}
}

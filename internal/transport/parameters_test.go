package transport

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParametersAreReadAsLibvirtDoes(t *testing.T) {
	t.Parallel()
	p, err := parseParameters("a=1+2&b=%2Fx%20y&a=3&c&=4&d=e=f")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parameters{"a": "1+2", "b": "/x y", "c": "", "d": "e=f"}, p); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

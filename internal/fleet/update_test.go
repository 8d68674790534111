package fleet

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestHostUpdateTellsWhoMayHaveTheRecord sums up one host after the other. Where another
// cluster has the host, the record is certainly not there.
func TestHostUpdateTellsWhoMayHaveTheRecord(t *testing.T) {
	t.Parallel()
	kvm1 := Member{Name: "kvm1", UUID: "1"}
	one, name := []Member{kvm1}, []string{"kvm1"}
	held := &HeldError{Host: "kvm1", Cluster: "batch"}
	refused := errors.New("operation denied")
	before := map[string]Digest{"1": "before"}
	written := Copy{Host: "kvm1", HostUUID: "1", Document: new(`{"version":1,"cluster":"compute"}`)}.decode()
	d := Declaration{Cluster: "compute", Seen: before}
	for label, test := range map[string]struct {
		update  hostUpdate
		outcome Outcome
		failed  PartialError
	}{
		"written": {
			hostUpdate{host: kvm1, copy: written, taken: []Copy{written}},
			Outcome{Written: one, Seen: map[string]Digest{"1": d.sees(written)}, Taken: []Copy{written}},
			PartialError{Done: name},
		},
		"refused": {
			hostUpdate{host: kvm1, err: refused},
			Outcome{Written: one, Seen: before},
			PartialError{Unwritten: name, Err: refused},
		},
		"another cluster's": {
			hostUpdate{host: kvm1, err: held},
			Outcome{Lacking: one, Seen: before},
			PartialError{Unwritten: name, Err: held},
		},
		"silent": {
			hostUpdate{host: Member{Name: "kvm1"}, err: refused},
			Outcome{},
			PartialError{Unwritten: name, Err: refused},
		},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			outcome, failed := Outcome{Seen: map[string]Digest{}}, PartialError{}
			test.update.addTo(&outcome, &failed, d)
			if diff := cmp.Diff(test.outcome, outcome, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.failed, failed, cmpopts.EquateEmpty(), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("failed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSurveySaysWhyAHostLacksTheRecord has one host of another cluster, as an Update left
// it.
func TestSurveySaysWhyAHostLacksTheRecord(t *testing.T) {
	t.Parallel()
	on := func(name, cluster string) Copy {
		return Copy{Host: name, HostUUID: name, Document: new(`{"version":1,"cluster":"` + cluster + `"}`)}.decode()
	}
	s := Declaration{Cluster: "compute"}.survey(recognition{}, []Copy{on("kvm1", "compute"), on("kvm2", "batch")}, nil, nil)
	var held *HeldError
	if !errors.As(s.Stuck, &held) || *held != (HeldError{Host: "kvm2", Cluster: "batch"}) {
		t.Errorf("stuck: %v", s.Stuck)
	}
	if diff := cmp.Diff([]Member{{Name: "kvm2", UUID: "kvm2"}}, s.Lacking()); diff != "" {
		t.Errorf("lacking (-want +got):\n%s", diff)
	}
}

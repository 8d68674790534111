package storage

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const image = "/local/web.qcow2"

// disk is a qcow2 image of 64 MiB in a directory of the source, whose path is free on the
// destination, in an active pool.
func disk(change func(*Facts)) Facts {
	d := Facts{
		Target: "vda", Path: image, Presence: Absent, Shared: No,
		Image: Volume{Name: "web.qcow2", Format: "qcow2", Capacity: 64 << 20, Allocation: 1 << 20},
		Chain: Chain{Ended: true},
		Pool:  &Pool{Name: "local", Type: "dir", Path: "/local", Active: true},
	}
	change(&d)
	return d
}

func leftover() Volume {
	return Volume{Pool: "local", Name: "web.qcow2", Path: image, Format: "qcow2", Capacity: 64 << 20, Length: 7, Modified: "1.5"}
}

// there puts a volume in the disk's place.
func there(change func(*Facts)) func(*Facts) {
	return func(d *Facts) {
		v := leftover()
		d.Presence, d.There = Present, &v
		change(d)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	same := func(*Facts) {}
	mine := []Leftover{{Volume: leftover(), EndedBy: time.Unix(60, 0)}}
	killed := []Leftover{{leftover(), time.Unix(60, 0), time.Unix(60, 0)}}
	at := func(modified string) func(*Facts) { return there(func(d *Facts) { d.There.Modified = modified }) }
	overlay := func(d *Facts) {
		d.Chain.Layers = []Layer{{Path: "/local/base.qcow2", Format: "qcow2", Here: base(), There: base()}}
	}
	without := func(change func(*Chain)) Facts {
		return disk(func(d *Facts) {
			overlay(d)
			change(&d.Chain)
		})
	}
	tests := map[string]struct {
		request  Request
		disk     Facts
		fate     Fate
		obstacle Obstacle
	}{
		"none":                   {Request{Mode: policy.CopyNone}, disk(same), Left, ""},
		"free path":              {Request{Mode: policy.CopyAuto}, disk(same), Created, ""},
		"free path, full":        {Request{Mode: policy.CopyFull}, disk(same), Created, ""},
		"free path, incremental": {Request{Mode: policy.CopyIncremental}, disk(same), Created, ""},
		"read-only":              {Request{Mode: policy.CopyFull}, disk(func(d *Facts) { d.Fixed = true }), Left, ""},
		"read-only, wanted":      {Request{Mode: policy.CopyFull, Wanted: []string{"vda"}}, disk(func(d *Facts) { d.Fixed = true }), Refused, NoSuchDisk},
		"not wanted":             {Request{Mode: policy.CopyFull, Wanted: []string{"vdb"}}, disk(same), Left, ""},
		"wanted":                 {Request{Mode: policy.CopyAuto, Wanted: []string{"vda"}}, disk(same), Created, ""},
		"network disk":           {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Network = true }), Left, ""},
		"network disk, full":     {Request{Mode: policy.CopyFull}, disk(func(d *Facts) { d.Network = true }), Refused, OverNetwork},
		"path not known":         {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Presence = PresenceUnknown }), Refused, NotKnown},
		"one file":               {Request{Mode: policy.CopyAuto}, disk(there(func(d *Facts) { d.SameFile = true })), Left, ""},
		"one file, full":         {Request{Mode: policy.CopyFull}, disk(there(func(d *Facts) { d.SameFile = true })), Refused, AlreadyShared},
		"one file, not of a shared file system, noted as a leftover": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.SameFile = true })), Left, "",
		},
		"a shared file system of the source, and perhaps another export": {
			Request{Mode: policy.CopyAuto}, disk(there(func(d *Facts) { d.Shared = Yes })), Refused, Unproved,
		},
		"a shared file system of the source, and perhaps another export, full": {
			Request{Mode: policy.CopyFull}, disk(there(func(d *Facts) { d.Shared = Yes })), Refused, Unproved,
		},
		"a shared file system of the source, and a file that no pool lists": {
			Request{Mode: policy.CopyAuto}, disk(there(func(d *Facts) { d.Shared, d.There = Yes, nil })), Refused, Unproved,
		},
		"shared file system, but a free path":       {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Shared = Yes }), Refused, NotMounted},
		"shared file system, but a free path, full": {Request{Mode: policy.CopyFull}, disk(func(d *Facts) { d.Shared = Yes }), Created, ""},
		"shared file system, but a free path, asked for": {
			Request{Mode: policy.CopyAuto, Wanted: []string{"vda"}}, disk(func(d *Facts) { d.Shared = Yes }), Created, "",
		},
		"shared file system, but a free path that the move names": {
			Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Shared, d.Renamed = Yes, true }), Created, "",
		},
		"shared file system, another size": {
			Request{Mode: policy.CopyAuto}, disk(there(func(d *Facts) { d.Shared, d.There.Capacity = Yes, 1 })), Refused, Unproved,
		},
		"another path, none": {Request{Mode: policy.CopyNone}, disk(there(func(d *Facts) { d.Renamed = true })), Left, ""},
		"another path, none, another size": {
			Request{Mode: policy.CopyNone}, disk(there(func(d *Facts) { d.Renamed, d.There.Capacity = true, 1 })), Refused, OtherImage,
		},
		"another path, none, a size that is not known": {
			Request{Mode: policy.CopyNone}, disk(there(func(d *Facts) { d.Renamed, d.Unsized, d.There.Capacity = true, true, 1 })), Left, "",
		},
		"another path, none, another format": {
			Request{Mode: policy.CopyNone}, disk(there(func(d *Facts) { d.Renamed, d.There.Format = true, "raw" })), Refused, OtherImage,
		},
		"another path, none, a format that is not known": {
			Request{Mode: policy.CopyNone}, disk(there(func(d *Facts) { d.Renamed, d.Image.Format = true, "" })), Left, "",
		},
		"another path, not wanted, another size": {
			Request{Mode: policy.CopyAuto, Wanted: []string{"vdb"}},
			disk(there(func(d *Facts) { d.Renamed, d.There.Capacity = true, 1 })), Refused, OtherImage,
		},
		"another path, none, one file that has grown since": {
			Request{Mode: policy.CopyNone}, disk(there(func(d *Facts) { d.Renamed, d.SameFile, d.There.Capacity = true, true, 1 })), Left, "",
		},
		"another path than the source's, on a file system that it shares": {
			Request{Mode: policy.CopyAuto}, disk(there(func(d *Facts) { d.Shared, d.Renamed = Yes, true })), Refused, Exists,
		},
		"another path than the source's, its leftover": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.Renamed = true })), Reused, "",
		},
		"one pool of the network":       {Request{Mode: policy.CopyAuto}, disk(there(func(d *Facts) { d.SamePool, d.Shared = true, Unknown })), Left, ""},
		"one pool of the network, full": {Request{Mode: policy.CopyFull}, disk(there(func(d *Facts) { d.SamePool = true })), Refused, AlreadyShared},
		"foreign volume":                {Request{Mode: policy.CopyAuto}, disk(there(same)), Refused, Exists},
		"foreign volume, full":          {Request{Mode: policy.CopyFull}, disk(there(same)), Refused, Exists},
		"foreign file that no pool lists": {
			Request{Mode: policy.CopyAuto}, disk(there(func(d *Facts) { d.There = nil })), Refused, Exists,
		},
		"one pool of the network, and a path that is not seen yet": {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.SamePool = true }), Refused, NotKnown},
		"leftover beside a shared file system of the source": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.Shared = Yes })), Refused, StaleLeftover,
		},
		"leftover, none":             {Request{Mode: policy.CopyNone, Leftovers: mine}, disk(there(same)), Refused, StaleLeftover},
		"leftover, none, read-only":  {Request{Mode: policy.CopyNone, Leftovers: mine}, disk(there(func(d *Facts) { d.Fixed = true })), Left, ""},
		"leftover, none, one pool":   {Request{Mode: policy.CopyNone, Leftovers: mine}, disk(there(func(d *Facts) { d.SamePool = true })), Left, ""},
		"leftover, none, gone":       {Request{Mode: policy.CopyNone, Leftovers: mine}, disk(same), Left, ""},
		"leftover, none, changed":    {Request{Mode: policy.CopyNone, Leftovers: mine}, disk(there(func(d *Facts) { d.There.Modified = "1.6" })), Left, ""},
		"leftover, none, not listed": {Request{Mode: policy.CopyNone, Leftovers: mine}, disk(there(func(d *Facts) { d.There = nil })), Refused, PerhapsStale},
		"leftover without a time, none, with a time now": {
			Request{Mode: policy.CopyNone, Leftovers: []Leftover{{Volume: Volume{Path: image, Capacity: 64 << 20}, EndedBy: time.Unix(60, 0)}}},
			disk(there(same)), Refused, PerhapsStale,
		},
		"leftover, not wanted": {Request{Mode: policy.CopyAuto, Leftovers: mine, Wanted: []string{"vdb"}}, disk(there(same)), Refused, StaleLeftover},
		"leftover without a time, none": {
			Request{Mode: policy.CopyNone, Leftovers: []Leftover{{Volume: Volume{Path: image, Capacity: 64 << 20}}}},
			disk(there(func(d *Facts) { d.There.Modified = "" })), Refused, StaleLeftover,
		},
		"leftover without a time, none, another size": {
			Request{Mode: policy.CopyNone, Leftovers: []Leftover{{Volume: Volume{Path: image, Capacity: 32 << 20}}}},
			disk(there(func(d *Facts) { d.There.Modified = "" })), Left, "",
		},
		"source refuses for another reason": {Request{Mode: policy.CopyAuto}, disk(there(func(d *Facts) { d.Shared = Withheld })), Refused, Silent},
		"leftover":                          {Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(same)), Reused, ""},
		"leftover, incremental":             {Request{Mode: policy.CopyIncremental, Leftovers: mine}, disk(there(same)), Refused, Exists},
		"leftover of another path":          {Request{Mode: policy.CopyAuto, Leftovers: []Leftover{{Volume: Volume{Path: "/x"}}}}, disk(there(same)), Refused, Exists},
		"leftover that no pool lists":       {Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.There = nil })), Refused, NotKnown},
		"leftover that was written to":      {Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.There.Modified = "1.6" })), Refused, ChangedLeftover},
		"leftover of another length":        {Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.There.Length = 8 })), Refused, ChangedLeftover},
		"leftover of a smaller disk": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.Image.Capacity = 65 << 20 })), Refused, ChangedLeftover,
		},
		"leftover of another format": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.Image.Format = "raw" })), Refused, ChangedLeftover,
		},
		"volume whose making was not answered": {
			Request{Mode: policy.CopyAuto, Leftovers: []Leftover{{Volume{Path: image, Format: "qcow2", Capacity: 64 << 20}, time.Unix(60, 0), time.Unix(60, 0)}}},
			disk(there(same)), Refused, UncertainLeftover,
		},
		"leftover without a time": {
			Request{Mode: policy.CopyAuto, Leftovers: []Leftover{{Volume: Volume{Path: image, Format: "qcow2", Capacity: 64 << 20, Length: 7}}}},
			disk(there(func(d *Facts) { d.There.Modified = "" })), Refused, ChangedLeftover,
		},
		"leftover of a killed move":                {Request{Mode: policy.CopyAuto, Leftovers: killed}, disk(at("59.999")), Refused, UncertainLeftover},
		"leftover of a killed move, not begun":     {Request{Mode: policy.CopyAuto, Leftovers: killed}, disk(at("1.5")), Reused, ""},
		"leftover of a killed move, written later": {Request{Mode: policy.CopyAuto, Leftovers: killed}, disk(at("60.000000001")), Refused, ChangedLeftover},
		"older file in its place":                  {Request{Mode: policy.CopyAuto, Leftovers: killed}, disk(at("1.49")), Refused, ChangedLeftover},
		"file without a time in its place":         {Request{Mode: policy.CopyAuto, Leftovers: killed}, disk(at("")), Refused, ChangedLeftover},
		"leftover of a killed move, grown": {
			Request{Mode: policy.CopyAuto, Leftovers: killed}, disk(there(func(d *Facts) { d.There.Modified, d.There.Length = "9", 700 })), Refused, UncertainLeftover,
		},
		"shorter file in its place": {
			Request{Mode: policy.CopyAuto, Leftovers: killed},
			disk(there(func(d *Facts) { d.There.Modified, d.There.Length = "9", 6 })),
			Refused, ChangedLeftover,
		},
		"longer file in its place, not written to": {
			Request{Mode: policy.CopyAuto, Leftovers: killed}, disk(there(func(d *Facts) { d.There.Length = 8 })), Refused, ChangedLeftover,
		},
		"leftover of a killed move that is used": {
			Request{Mode: policy.CopyAuto, Leftovers: killed}, disk(there(func(d *Facts) { d.Users = []User{{Domain: "db"}} })), Refused, UsedLeftover,
		},
		"leftover of a killed move, incremental": {Request{Mode: policy.CopyIncremental, Leftovers: killed}, disk(at("9")), Refused, Exists},
		"leftover that is used": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.Users = []User{{Domain: "db"}} })), Refused, UsedLeftover,
		},
		"leftover, encrypted": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.Image.Encrypted = true })), Refused, Encrypted,
		},
		"leftover of unknown use": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.UsersUnknown = true })), Refused, NotKnown,
		},
		"leftover where the source does not tell whether it is shared": {
			Request{Mode: policy.CopyAuto, Leftovers: mine}, disk(there(func(d *Facts) { d.Shared = Unknown })), Refused, NotKnown,
		},
		"no pool":              {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Pool = nil }), Refused, NoPool},
		"inactive pool":        {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Pool.Active = false }), Refused, InactivePool},
		"pool of another type": {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Pool.Type = "iscsi" }), Refused, WrongPool},
		"no size":              {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Unsized = true }), Refused, NoSize},
		"encrypted":            {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Image.Encrypted = true }), Refused, Encrypted},
		"format":               {Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Image.Format = "vmdk" }), Refused, WrongFormat},
		"qcow2 on a logical volume": {
			Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Pool.Type = "logical" }), Refused, WrongFormat,
		},
		"raw on a logical volume": {
			Request{Mode: policy.CopyAuto}, disk(func(d *Facts) { d.Pool.Type, d.Image.Format = "logical", "raw" }), Created, "",
		},
		"overlay, full":        {Request{Mode: policy.CopyFull}, disk(overlay), Created, ""},
		"overlay, incremental": {Request{Mode: policy.CopyIncremental}, disk(overlay), Created, ""},
		"overlay, incremental, no backing": {
			Request{Mode: policy.CopyIncremental}, without(func(c *Chain) { c.Layers[0].There = nil }), Refused, NoBacking,
		},
		"overlay, incremental, unknown format": {
			Request{Mode: policy.CopyIncremental}, without(func(c *Chain) { c.Layers[0].Format = "" }), Refused, UnknownBacking,
		},
		"overlay, full, unknown format": {
			Request{Mode: policy.CopyFull}, without(func(c *Chain) { c.Layers[0].Format = "" }), Created, "",
		},
		"perhaps an overlay, incremental": {
			Request{Mode: policy.CopyIncremental}, without(func(c *Chain) { *c = Chain{} }), Refused, UnknownBacking,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decided := Decide(test.request, []Facts{test.disk})
			if got := decided[0]; got.Fate != test.fate || got.Obstacle != test.obstacle {
				t.Errorf("got %s (%s), want %s (%s)", got.Fate, got.Obstacle, test.fate, test.obstacle)
			}
		})
	}
}

// A disk that is left to another path is told of, unless it is proved to be there.
func TestDecision_Unproved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Facts)
		want   bool
	}{
		"its own path":         {func(*Facts) {}, false},
		"another path":         {func(d *Facts) { d.Renamed = true }, true},
		"not listed":           {func(d *Facts) { d.Renamed, d.There = true, nil }, true},
		"not there":            {func(d *Facts) { d.Renamed, d.There, d.Presence = true, nil, Absent }, false},
		"one file":             {func(d *Facts) { d.Renamed, d.SameFile = true, true }, false},
		"one pool":             {func(d *Facts) { d.Renamed, d.SamePool = true, true }, false},
		"certainly not it":     {func(d *Facts) { d.Renamed, d.There.Capacity = true, 1 }, false},
		"read-only, as an ISO": {func(d *Facts) { d.Renamed, d.Fixed = true, true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Decide(Request{Mode: policy.CopyNone}, []Facts{disk(there(c.change))})[0].Unproved()
			if got != c.want {
				t.Errorf("unproved: %v, want %v", got, c.want)
			}
		})
	}
}

// Two disks that a move gives one path are not copied over each other.
func TestDecide_onePath(t *testing.T) {
	t.Parallel()
	other := func(change func(*Facts)) Facts {
		d := disk(there(change))
		d.Target = "vdb"
		return d
	}
	mine := []Leftover{{Volume: leftover(), EndedBy: time.Unix(60, 0)}}
	for name, test := range map[string]struct {
		other Facts
		want  Fate
	}{
		"both would be copied":       {other(func(*Facts) {}), Refused},
		"the other one is left":      {other(func(d *Facts) { d.SameFile = true }), Refused},
		"the other one is read-only": {other(func(d *Facts) { d.Fixed = true }), Refused},
		"the other one has its own":  {other(func(d *Facts) { d.Path = "/local/db.qcow2" }), Reused},
		"the other one has no path":  {other(func(d *Facts) { d.Path = "" }), Reused},
	} {
		got := Decide(Request{Mode: policy.CopyAuto, Leftovers: mine}, []Facts{disk(there(func(*Facts) {})), test.other})[0]
		if got.Fate != test.want || (got.Obstacle == OnePath) != (test.want == Refused) {
			t.Errorf("%s: got %s (%s), want %s", name, got.Fate, got.Obstacle, test.want)
		}
	}
}

func TestDecide_unknownTarget(t *testing.T) {
	t.Parallel()
	decided := Decide(Request{Mode: policy.CopyAuto, Wanted: []string{"vdz"}}, []Facts{disk(func(*Facts) {})})
	if len(decided) != 2 || decided[0].Fate != Left || decided[1].Target != "vdz" || decided[1].Obstacle != NoSuchDisk {
		t.Errorf("got %+v", decided)
	}
}

// A full copy has no backing file, and an incremental one that which the source's QEMU has open. Both belong to the user of the
// destination's QEMU.
func TestDecisionVolume(t *testing.T) {
	t.Parallel()
	d := Decision{Facts: disk(func(d *Facts) {
		d.Chain.Layers = []Layer{{Path: "/b", Format: "qcow2"}, {Path: "/a", Format: "raw"}}
		d.Image.Backing, d.Image.BackingFormat, d.Image.Mode, d.Image.Length = "/listed", "raw", "0600", 9
		d.Image.Owner, d.Image.Group, d.Owner, d.Group = "64055", "994", "107", "108"
	}), Fate: Created}
	full, incremental := d.Volume(policy.CopyFull), d.Volume(policy.CopyIncremental)
	if full.Backing != "" || full.BackingFormat != "" || incremental.Backing != "/b" || incremental.BackingFormat != "qcow2" {
		t.Errorf("backing files are %q and %q", full.Backing, incremental.Backing)
	}
	if full.Pool != "local" || full.Path != image || full.Mode != "0600" || full.Owner != "107" || full.Group != "108" || full.Capacity != 64<<20 || full.Length != 0 {
		t.Errorf("got %+v", full)
	}
}

// Whatever the facts are, nothing is copied onto something that is there, but for an unchanged
// leftover of this VM that nothing uses; no disk is left that the destination may not have
// while it may be copied; and nothing is both refused and copied.
func TestDecide_neverOverwrites(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(13, 26))
	reused, created := 0, 0
	for range 50_000 {
		d, r := randomFacts(random), randomRequest(random)
		got := Decide(r, []Facts{d})[0]
		switch {
		case got.Fate == Created:
			created++
			if r.Mode == policy.CopyIncremental && (!d.Chain.Known() || d.Chain.Missing() != nil) {
				t.Fatalf("an overlay of what is not known: %+v, %+v", r, d)
			}
			if d.Presence != Absent || d.same() || d.Pool == nil || !d.Pool.Active || d.Network || d.Fixed {
				t.Fatalf("created: %+v, %+v", r, d)
			}
		case got.Fate == Reused:
			reused++
			i := slices.IndexFunc(r.Leftovers, func(l Leftover) bool { return l.Path == d.Path })
			if i < 0 || d.There == nil || d.There.Modified == "" ||
				d.There.Modified != r.Leftovers[i].Modified ||
				d.There.Capacity != d.Image.Capacity || len(d.Users) > 0 || d.UsersUnknown || d.Shared != No || d.same() {
				t.Fatalf("reused: %+v, %+v", r, d)
			}
		case got.Fate == Left && !d.Fixed && !d.Network && d.Presence == Present && !d.same() && d.There != nil &&
			len(r.Leftovers) > 0 && r.Leftovers[0].left(*d.There):
			t.Fatalf("left to a stale copy: %+v, %+v", r, d)
		case got.Fate == Left && !d.Fixed && !d.Network && d.Presence != Absent && !d.same() && d.There == nil && len(r.Leftovers) > 0:
			t.Fatalf("left to what may be a stale copy: %+v, %+v", r, d)
		case got.Fate == Left && r.Mode == policy.CopyAuto && len(r.Wanted) == 0 && !d.Fixed && !d.Network:
			if d.Presence != Present || !d.same() {
				t.Fatalf("left: %+v, %+v", r, d)
			}
		}
		if (got.Fate == Refused) != (got.Obstacle != "") {
			t.Fatalf("%s for %q", got.Fate, got.Obstacle)
		}
	}
	if reused == 0 || created == 0 {
		t.Errorf("%d were reused and %d created: the facts are not random enough", reused, created)
	}
}

func randomFacts(random *rand.Rand) Facts {
	one := func(of int) bool { return random.IntN(of) == 0 }
	d := disk(func(*Facts) {})
	d.Fixed, d.Network, d.SamePool, d.Unsized, d.UsersUnknown = one(8), one(8), one(8), one(8), one(8)
	d.Presence, d.Shared, d.Renamed = Presence(random.IntN(3)), Answer(random.IntN(4)), one(4)
	d.SameFile = d.Presence == Present && one(8)
	if d.Presence == Present && !one(4) {
		v := leftover()
		v.Modified = []string{"1.5", "1.6", "3", ""}[random.IntN(4)]
		v.Capacity -= uint64(random.IntN(2))
		d.There = &v
	}
	if one(4) {
		d.Users = []User{{Domain: "db"}}
	}
	if one(4) {
		d.Pool = nil
	} else {
		d.Pool.Active, d.Pool.Type = !one(4), []string{"dir", "logical", "rbd"}[random.IntN(3)]
	}
	d.Image.Format = []string{"raw", "qcow2", "vmdk"}[random.IntN(3)]
	d.Chain.Ended = !one(8)
	if one(2) {
		d.Chain.Layers = []Layer{{"/local/base.qcow2", []string{"qcow2", "raw", ""}[random.IntN(3)], base(), base()}}
		d.Chain.Layers[0].There.Length -= uint64(random.IntN(2))
	}
	return d
}

func randomRequest(random *rand.Rand) Request {
	r := Request{Mode: policy.CopyStorages()[random.IntN(4)]}
	if random.IntN(2) == 0 {
		v := leftover()
		v.Format = []string{"raw", "qcow2"}[random.IntN(2)]
		until := time.Unix(int64(random.IntN(2)*2), 0)
		r.Leftovers = []Leftover{{v, until, until}}
	}
	if random.IntN(4) == 0 {
		r.Wanted = []string{[]string{"vda", "vdb"}[random.IntN(2)]}
	}
	return r
}

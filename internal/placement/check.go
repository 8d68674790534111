package placement

import (
	"fmt"
	"slices"
)

// Violation is what is wrong with a plan.
type Violation struct {
	// VM is the UUID of the one whose step, or whose lack of one, is wrong; empty where it is about a host.
	VM string
	// Host is the step's destination, or the host.
	Host  string
	Stage int
	// Rule is what is not kept.
	Rule string
}

// String is the violation as one line.
func (v Violation) String() string {
	return fmt.Sprintf("stage %d, VM %s to host %s: %s", v.Stage, v.VM, v.Host, v.Rule)
}

// Check verifies a plan against the world that it was made for, and shares nothing with what made it: each VM moves
// at most once, from where it is to a host that may take it, and no host is promised to more than it can hold at any
// moment, whichever moves of a stage are still under way.
func Check(w World, d Drain, p Plan) []Violation {
	c := checker{drain: d, hosts: map[string]Host{}, vms: map[string]VM{}, at: map[string]string{}}
	for _, h := range w.Hosts {
		c.hosts[h.Name] = h
	}
	for _, vm := range w.VMs {
		c.vms[vm.UUID], c.at[vm.UUID] = vm, vm.Host
	}
	c.complete(p)
	seen := map[string]bool{}
	for first := 0; first < len(p.Steps); {
		last := first
		for last < len(p.Steps) && p.Steps[last].Stage == p.Steps[first].Stage {
			last++
		}
		stage := p.Steps[first:last]
		for i, step := range stage {
			if first > 0 && p.Steps[first-1].Stage >= step.Stage {
				c.tell(step, "the stages are not in order")
			}
			if seen[step.VM] {
				c.tell(step, "the VM moves twice")
			}
			seen[step.VM] = true
			c.step(step)
			c.group(step, stage[:i])
		}
		c.capacity(stage)
		for _, step := range stage {
			c.at[step.VM] = step.To
		}
		first = last
	}
	return c.found
}

type checker struct {
	drain Drain
	hosts map[string]Host
	vms   map[string]VM
	at    map[string]string // where each VM is when the stage begins
	found []Violation
}

func (c *checker) tell(s Step, rule string) {
	c.found = append(c.found, Violation{s.VM, s.To, s.Stage, rule})
}

// leaves tells whether a VM is one of those that are to leave the drained host.
func (c *checker) leaves(vm VM) bool {
	return vm.Host == c.drain.Host && (c.drain.VMs == nil || slices.Contains(c.drain.VMs, vm.UUID))
}

// complete checks that each VM of the host that is to go has a step or is stuck, and not both.
func (c *checker) complete(p Plan) {
	for uuid, vm := range c.vms {
		steps := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.VM == uuid })
		stuck := slices.ContainsFunc(p.Stuck, func(s Stuck) bool { return s.VM == uuid })
		switch {
		case c.leaves(vm) && !steps && !stuck:
			c.found = append(c.found, Violation{VM: uuid, Rule: "nothing is said of the VM"})
		case steps && stuck:
			c.found = append(c.found, Violation{VM: uuid, Rule: "the VM is stuck and moves"})
		}
	}
	for _, s := range p.Stuck {
		if s.Binding == nil {
			c.found = append(c.found, Violation{VM: s.VM, Rule: "the VM is stuck for no reason"})
		}
	}
}

// step checks what does not depend on other steps.
func (c *checker) step(s Step) {
	vm, known := c.vms[s.VM]
	to, there := c.hosts[s.To]
	rules := []struct {
		broken bool
		rule   string
	}{
		{!known, "there is no such VM"},
		{!there, "there is no such host"},
		{s.From != c.at[s.VM], "the VM is elsewhere"},
		{s.From == s.To, "the VM is there"},
		{s.To == c.drain.Host, "the host is to be emptied"},
		{!slices.Contains(c.drain.Among, s.To), "the host was not named"},
		{to.Cordoned, "the host is cordoned"},
		{to.Emptied, "the host is being emptied, too"},
		{to.Silent, "the host does not answer"},
		{vm.Refused[s.To] != nil, "a check refuses the host"},
		{vm.Fixed != nil || vm.BoundFor != "", "the VM cannot be moved"},
		{vm.Host == c.drain.Host && !c.leaves(vm), "the VM is to stay"},
		{vm.Host != c.drain.Host && !c.drain.MakeRoom, "VMs of other hosts are to stay"},
		{vm.CPUs > to.CPUs && c.hosts[vm.Host].CPUs > to.CPUs, "the host has too few CPUs"},
	}
	for _, r := range rules {
		if r.broken {
			c.tell(s, r.rule)
		}
	}
}

// group checks that nobody of the VM's group is on the destination, bound for it, or sent there beside it. One that
// leaves in this stage is still there.
func (c *checker) group(s Step, beside []Step) {
	group := c.vms[s.VM].Group
	if group == "" {
		return
	}
	for uuid, other := range c.vms {
		sent := slices.ContainsFunc(beside, func(b Step) bool { return b.VM == uuid && b.To == s.To })
		if uuid != s.VM && other.Group == group && (c.at[uuid] == s.To || other.BoundFor == s.To || sent) {
			c.tell(s, "the host has another VM of the group")
		}
	}
}

// capacity checks that each destination has memory and huge pages for all that is sent there in a stage, beside all
// that it has when the stage begins.
func (c *checker) capacity(stage []Step) {
	type need struct {
		host string
		page uint64
	}
	needs := map[need]uint64{}
	for _, s := range stage {
		vm := c.vms[s.VM]
		needs[need{s.To, vm.HugePageKiB}] += taken(vm, vm.Memory)
	}
	for n, sent := range needs {
		if h := c.hosts[n.host]; float64(sent) > c.free(h, n.page) {
			c.found = append(c.found, Violation{Host: n.host, Stage: stage[0].Stage, Rule: "the host has too little memory"})
		}
	}
}

// free is what a host has left for VMs when a stage begins: of its memory, or of huge pages of one size.
func (c *checker) free(h Host, page uint64) float64 {
	free := float64(h.Available)
	if page > 0 {
		free = float64(h.HugePages[page].Free * (page << 10))
	}
	for uuid, vm := range c.vms {
		if vm.HugePageKiB != page {
			continue
		}
		was, is := vm.Host == h.Name, c.at[uuid] == h.Name
		switch {
		case was && is && page == 0:
			free -= float64(vm.Memory) - float64(min(vm.Resident, vm.Memory))
		case was && !is && page == 0:
			free += float64(min(vm.Resident, vm.Memory))
		case was && !is:
			free += float64(taken(vm, vm.Memory))
		case is && !was:
			free -= float64(taken(vm, vm.Memory))
		}
		switch {
		case vm.BoundFor == h.Name && page == 0:
			free -= float64(vm.Memory) - float64(min(vm.Arrived, vm.Memory))
		case vm.BoundFor == h.Name && vm.Arrived == 0:
			free -= float64(taken(vm, vm.Memory))
		}
	}
	return free
}

// taken is memory in whole pages.
func taken(vm VM, bytes uint64) uint64 {
	if vm.HugePageKiB == 0 {
		return bytes
	}
	page := vm.HugePageKiB << 10
	return (bytes + page - 1) / page * page
}

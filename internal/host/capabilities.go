package host

import (
	"context"
	"encoding/xml"
	"strconv"
	"strings"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Capabilities is what the host is (virConnectGetCapabilities).
func (h *Host) Capabilities(ctx context.Context) (preflight.Capabilities, error) {
	const op = "read the host's capabilities"
	document, err := read(ctx, h, op, rpc.Patient, (*libvirt.Libvirt).ConnectGetCapabilities)
	if err != nil {
		return preflight.Capabilities{}, err
	}
	capabilities, err := parseCapabilities(document)
	return capabilities, h.fail(op, err)
}

// parseCapabilities reads libvirt's document.
func parseCapabilities(document string) (preflight.Capabilities, error) {
	type cpu struct {
		Inner    string `xml:",innerxml"`
		Model    string `xml:"model"`
		Counters []struct {
			Name    string `xml:"name,attr"`
			Hz      uint64 `xml:"frequency,attr"`
			Scaling string `xml:"scaling,attr"`
		} `xml:"counter"`
	}
	var doc struct {
		CPU    cpu             `xml:"host>cpu"`
		Models []securityModel `xml:"host>secmodel"`
		Cells  []struct {
			ID    int `xml:"id,attr"`
			Pages []struct {
				SizeKiB uint64 `xml:"size,attr"`
				Count   uint64 `xml:",chardata"`
			} `xml:"pages"`
			CPUs []struct {
				ID int `xml:"id,attr"`
			} `xml:"cpus>cpu"`
		} `xml:"host>topology>cells>cell"`
	}
	if err := xml.Unmarshal([]byte(document), &doc); err != nil {
		return preflight.Capabilities{}, err
	}
	c := preflight.Capabilities{Pages: map[uint64]uint64{}}
	for _, m := range doc.Models {
		c.SecurityModels = append(c.SecurityModels, m.Model)
		if user, group, ok := m.owner(); ok {
			c.QEMUUser, c.QEMUGroup = user, group
		}
	}
	if doc.CPU.Model != "" {
		c.CPU = "<cpu>" + doc.CPU.Inner + "</cpu>"
	}
	for _, counter := range doc.CPU.Counters {
		if counter.Name == "tsc" {
			c.TSC = preflight.TSC{Hz: counter.Hz, Scaling: counter.Scaling == "yes"}
		}
	}
	for _, cell := range doc.Cells {
		c.Nodes = append(c.Nodes, cell.ID)
		for _, cpu := range cell.CPUs {
			c.CPUs = append(c.CPUs, cpu.ID)
		}
		for _, pages := range cell.Pages {
			if pages.SizeKiB > smallestHugePageKiB {
				c.Pages[pages.SizeKiB] += pages.Count
			}
		}
	}
	return c, nil
}

// securityModel is one that the host labels VMs by.
type securityModel struct {
	Model  string   `xml:"model"`
	Labels []string `xml:"baselabel"`
}

// owner has the numbers of the user and the group that QEMU runs as, which the label of the model
// "dac" has as "+USER:+GROUP".
func (m securityModel) owner() (user, group string, ok bool) {
	if m.Model != "dac" || len(m.Labels) == 0 {
		return "", "", false
	}
	user, group, ok = strings.Cut(strings.TrimSpace(m.Labels[0]), ":")
	user, group = strings.TrimPrefix(user, "+"), strings.TrimPrefix(group, "+")
	for _, number := range []string{user, group} {
		if _, err := strconv.ParseUint(number, 10, 32); err != nil {
			return "", "", false
		}
	}
	return user, group, ok
}

// smallestHugePageKiB is above every architecture's ordinary page, which has 4 to 64 KiB.
const smallestHugePageKiB = 64

// FreePages are the free huge pages of the host by their size in KiB, as many of which as
// sizes are asked for.
func (h *Host) FreePages(ctx context.Context, sizes []uint64) (map[uint64]uint64, error) {
	pages := make([]uint32, len(sizes))
	for i, size := range sizes {
		pages[i] = uint32(size) //nolint:gosec // sizes are of pages, in KiB
	}
	const wholeHost = -1
	counts, err := read(ctx, h, "ask for the free huge pages", rpc.Quick, func(lv *libvirt.Libvirt) ([]uint64, error) {
		return lv.NodeGetFreePages(pages, wholeHost, 1, 0)
	})
	free := make(map[uint64]uint64, len(sizes))
	for i, count := range counts {
		free[sizes[i]] = count
	}
	return free, err
}

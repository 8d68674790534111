package explain

import (
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// checkWords is what operators read for the identifier of each check.
var checkWords = map[migration.Check]string{
	migration.CheckAnswers:     "libvirt answers",
	migration.CheckHosts:       "different hosts",
	migration.CheckState:       "domain state",
	migration.CheckOneHome:     "runs on one host",
	migration.CheckJob:         "no other job",
	preflight.CheckCordon:      "cordon",
	preflight.CheckPolicy:      "policy",
	preflight.CheckMode:        "mode",
	preflight.CheckVersions:    "versions",
	preflight.CheckVerdict:     "source's verdict",
	preflight.CheckHostname:    "destination's name",
	preflight.CheckUserfaultfd: "userfaultfd",
	preflight.CheckCertificate: "certificate",
	preflight.CheckCPU:         "guest CPU",
	preflight.CheckMemory:      "memory",
	preflight.CheckSave:        "managed-save image",
	preflight.CheckPass:        "time of one pass",
	preflight.CheckRDMA:        "RDMA",
	preflight.CheckLocked:      "locked memory",
	preflight.CheckChanges:     "destination changes",
	preflight.CheckName:        "name",
	preflight.CheckMachine:     "machine type",
	preflight.CheckHostCPU:     "host CPU",
	preflight.CheckTSC:         "time stamp counter",
	preflight.CheckHugePages:   "huge pages",
	preflight.CheckBridges:     "bridges",
	preflight.CheckNetworks:    "networks",
	preflight.CheckFilters:     "network filters",
	preflight.CheckPools:       "storage pools",
	preflight.CheckPaths:       "files",
	preflight.CheckFirmware:    "firmware",
	preflight.CheckTPM:         "TPM",
	preflight.CheckGraphics:    "graphics",
	preflight.CheckListen:      "listen addresses",
	preflight.CheckPorts:       "ports",
	preflight.CheckCID:         "guest CID",
	preflight.CheckHostDevices: "host devices",
	preflight.CheckSecrets:     "secrets",
	preflight.CheckNetDisks:    "network disks",
	preflight.CheckPlacement:   "placement",
	preflight.CheckSecurity:    "security model",
	preflight.CheckCopied:      "copied disks",
	preflight.CheckCopyPools:   "pools of copies",
	preflight.CheckCopyVolumes: "places of copies",
	preflight.CheckCopyRoom:    "room for copies",
}

// checkName is a check in words. One that is not in the table of checks has none, and keeps
// its identifier.
func checkName(c migration.Check) string {
	if words := checkWords[c]; words != "" {
		return words
	}
	return string(c)
}

// Summary is a finding as a title: the check, the problem, the device and the host.
func Summary(f migration.Finding) string {
	line := checkName(f.Check) + ": " + f.Fact.Problem()
	if f.Device != "" {
		line += ", " + f.Device
	}
	if f.Host != "" {
		line += " on " + f.Host
	}
	return line
}

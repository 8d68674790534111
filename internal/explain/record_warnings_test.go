package explain

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// requireText wants one text.
func requireText(t *testing.T, got, want Text) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s: %s\nwant %s: %s", got.Summary, got.Detail, want.Summary, want.Detail)
	}
}

func missing(c fleet.Copy) fleet.Drift { return fleet.Drift{Copy: c, Kind: fleet.DriftMissing} }

func differs(c fleet.Copy, fields ...policy.Difference) fleet.Drift {
	return fleet.Drift{Copy: c, Kind: fleet.DriftDiffers, Difference: fleet.Difference{Fields: fields}}
}

// later is a copy with a member that this release does not know.
func later(host string) fleet.Copy {
	return fleet.Copy{Host: host, Record: policy.Record{Unknown: map[string]json.RawMessage{"later": json.RawMessage("1")}}}
}

func TestRecordWarnings(t *testing.T) {
	t.Parallel()
	onHost := fleet.Copy{Host: "kvm1", Level: host.Cluster}
	dated := onHost
	dated.Record.DeclaredAt = time.Date(2026, time.November, 25, 21, 30, 5, 0, time.UTC)
	ofVM := fleet.Copy{Host: "kvm1", VM: remedyUUID, Impact: "live"}
	kvm3 := []fleet.Member{{Name: "kvm3", UUID: remedyUUID}}
	location := fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", UUID: remedyUUID}}
	one := func(texts []Text) Text {
		if len(texts) != 1 {
			t.Fatalf("%d texts, want one: %v", len(texts), texts)
		}
		return texts[0]
	}
	for name, test := range map[string]struct{ got, want Text }{
		"the VM's record drifts": {
			VMOutOfSync("VM Migration Policy", fleet.VMRecord{Location: location}, []fleet.Drift{differs(ofVM, policy.Difference{Field: policy.FieldMaxDowntimeMS, Have: "900", Want: "500"})}),
			Text{"VM Migration Policy Out of Sync", "When this plan was made, the record of VM web had drifted: the live copy on kvm1 differed: max_downtime_ms was 900, declared 500. Applying a plan repairs that, unless the plan is refresh-only."},
		},
		"the VM's record is gone": {
			VMRecordMissing("VM Migration Policy", location),
			Text{"VM Migration Policy Missing", "When this plan was made, no copy of the record of VM web was left on kvm1. The resource leaves state. Applying a plan creates it again, unless the plan is refresh-only."},
		},
		"the VM's copies differ": {
			Diverging(location, &fleet.Divergence{Counts: ofVM, Drift: []fleet.Drift{missing(fleet.Copy{Host: "kvm1", VM: remedyUUID, Impact: "config"})}}),
			Text{"VM Migration Policy Copies Differ", "When this plan was made, of the record of VM web the live copy on kvm1 counted, but the config copy on kvm1 was missing. " +
				"A virt_vm_migration_policy that declares the record repairs that."},
		},
		"declared again": {
			DeclaredElsewhere("Record", dated),
			Text{"Record Declared Elsewhere", "When this plan was made, another resource or state had declared the cluster record on kvm1 on 2026-11-25 at 21:30:05 UTC. " +
				"It did not count as drift here, whatever it said, and destroying this resource leaves it while that is so. " +
				"Declare the record in one place only. A change of the values here takes it back."},
		},
		"taken over": {
			TakenOver("Record", ofVM),
			Text{"Record Taken Over", "The live copy of the VM's record on kvm1 existed already, declared by another resource or state, or by this one under a former address. " +
				"Now this resource owns it. If another configuration declares it too, remove it from one of the two."},
		},
		"left in place": {
			LeftInPlace("Record", onHost),
			Text{"Record Left in Place", "The cluster record on kvm1 was declared again by another resource or state, so it stays."},
		},
		"left on former hosts": {
			one(LeftOnFormerHosts("Record", kvm3)),
			Text{"Record Left on Former Hosts", "None of the provider's hosts is \"kvm3\" (host UUID " + remedyUUID + ") any more. " +
				"A record that is there stays there, and is no longer checked for drift. A host with another mainboard, or another " +
				"host_uuid in its libvirtd.conf, counts as another one: an apply writes the record there anew, and a destroy after " +
				"that removes it."},
		},
		"left behind": {
			LeftBehind([]string{"kvm2", "kvm3"}),
			Text{"Record Left Behind", "When this plan was made, a copy of the record was still on \"kvm2\", \"kvm3\", which the configuration does not name here. Applying the plan removes it."},
		},
		"a host is renamed": {
			one(HostRenamed([]fleet.Renaming{{From: "kvm1", Now: fleet.Member{Name: "node1", UUID: remedyUUID}}})),
			Text{"Host Renamed", "Host \"kvm1\" is now called \"node1\" (host UUID " + remedyUUID + "). The provider's configuration has another key for it. Its records stay as they are."},
		},
		"unknown members": {
			one(UnknownMembers("Record", []fleet.Copy{later("kvm1")})),
			Text{"Record Has Unknown Members", "When this plan was made, the copy on kvm1 had \"later\". A newer release of the provider may have written that; it is kept."},
		},
		"an import finds different copies": {
			one(CopiesDiffer("Record", fleet.Found{Hosts: []string{"kvm1", "kvm2"}, Drift: []fleet.Drift{missing(fleet.Copy{Host: "kvm3"})}})),
			Text{"Record Differs Between Hosts", "When this plan was made, the copy on kvm3 was missing. The most common copy, that of \"kvm1\", \"kvm2\", is imported, and the others count as drift."},
		},
		"an import finds nothing": {
			NoRecord("Record", fleet.Declaration{Cluster: "batch"}, []string{"kvm1", "kvm2"}, []string{"compute", "web"}),
			Text{"Unable to Import Record", "None of the hosts \"kvm1\", \"kvm2\" has a record of cluster \"batch\". The clusters that have one are \"compute\", \"web\"."},
		},
		"an import finds no cluster at all": {
			NoRecord("Record", fleet.Declaration{Cluster: "batch"}, []string{"kvm1"}, nil),
			Text{"Unable to Import Record", "None of the hosts \"kvm1\" has a record of cluster \"batch\". There is no record of any cluster there."},
		},
		"an import finds no settings": {
			NoRecord("Record", fleet.Declaration{}, []string{"kvm1"}, nil),
			Text{"Unable to Import Record", "None of the hosts \"kvm1\" has a record of the global settings."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireText(t, test.got, test.want)
		})
	}
	if more := slices.Concat(LeftOnFormerHosts("Record", nil), UnknownMembers("Record", nil), CopiesDiffer("Record", fleet.Found{})); len(more) > 0 {
		t.Errorf("nothing is unusual, and it warns: %v", more)
	}
}

func TestSurveyed(t *testing.T) {
	t.Parallel()
	drift := []fleet.Drift{
		missing(fleet.Copy{Host: "kvm1"}), differs(fleet.Copy{Host: "kvm2"}, policy.Difference{Field: policy.FieldMaxDowntimeMS, Have: "900", Want: "500"}),
	}
	for name, test := range map[string]struct {
		survey fleet.Survey
		want   []Text
	}{
		"in sync": {},
		"drift": {fleet.Survey{Drift: drift}, []Text{
			{"Record Out of Sync", "When this plan was made, the copy on kvm1 was missing; the copy on kvm2 differed: max_downtime_ms was 900, declared 500. Applying a plan repairs that, unless the plan is refresh-only."},
		}},
		"drift that another cluster prevents": {fleet.Survey{Drift: drift[:1], Stuck: &fleet.HeldError{Host: "kvm1", Cluster: "batch"}}, []Text{
			{"Record Out of Sync", "When this plan was made, the copy on kvm1 was missing. An apply cannot repair all of that. A host is in one cluster only. " +
				"Remove it from the hosts of \"batch\" first; if that happens in the same apply, make this resource depend on that one (depends_on), " +
				"or, where the two exchange hosts, run Terraform with a -parallelism of at least 2."},
		}},
		"gone": {fleet.Survey{Drift: drift[:1], Gone: true}, []Text{
			{"Record Missing", "When this plan was made, the copy on kvm1 was missing. None of its hosts had the record any more. The resource leaves state. Applying a plan creates it again, unless the plan is refresh-only."},
		}},
		"all that is beside": {
			fleet.Survey{Redeclared: []fleet.Copy{{Host: "kvm1"}}, Unknown: []fleet.Copy{later("kvm2")}, Unseen: []error{errors.New("kvm3 is down")}},
			[]Text{
				DeclaredElsewhere("Record", fleet.Copy{Host: "kvm1"}),
				{"Record Has Unknown Members", "When this plan was made, the copy on kvm2 had \"later\". A newer release of the provider may have written that; it is kept."},
				Unseen([]error{errors.New("kvm3 is down")}),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Surveyed("Record", fleet.Declaration{}, test.survey)
			if len(got) != len(test.want) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
			for i := range got {
				requireText(t, got[i], test.want[i])
			}
		})
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	wrong := &host.ConfigError{Host: "kvm1", Field: "uri", Reason: "it is not a valid URI"}
	for name, test := range map[string]struct{ got, want Text }{
		"unknown": {
			ConfigurationUnknown([]string{"hosts", "unreachable_hosts"}),
			Text{"Provider Configuration Not Known Yet", "hosts, unreachable_hosts of this provider configuration will be known only during the apply, so no host was asked. " +
				"This plan takes state as it is: it shows neither what was changed on the hosts nor what would prevent the changes that it plans. " +
				"The first plan after the apply checks all of it."},
		},
		"unknown in an import": {
			ImportTooEarly("Record"),
			Text{"Unable to Import Record", "The provider's configuration is not known yet, so no host can be asked. Import once it is known."},
		},
		"unknown for a data source": {
			ReadTooEarly("Policy"),
			Text{"Unable to Read Policy", "The provider's configuration depends on values that are not known before the apply, so no host can be asked. " +
				"Make this data source depend on what decides them (depends_on), so that it is read during the apply."},
		},
		"a wrong host": {
			InvalidHost(wrong),
			Text{"Invalid Host Configuration", "Host \"kvm1\": invalid uri: it is not a valid URI."},
		},
		"a wrong default": {
			InvalidDefaultHost("LIBVIRT_DEFAULT_URI", wrong),
			Text{"Invalid Host Configuration", "The provider's hosts are left out, so the default URI (LIBVIRT_DEFAULT_URI) is used, which is wrong: it is not a valid URI."},
		},
		"no default": {
			NoDefaultHost(errors.New("no permission")),
			Text{"Invalid Host Configuration", "The provider's hosts are left out, so libvirt's default URI is used, which cannot be found out: no permission."},
		},
		"a wrong policy": {
			InvalidPolicy(policy.Problem{Field: policy.FieldMaxDowntimeMS, Text: "max_downtime_ms must be positive."}),
			Text{"Invalid Migration Policy", "max_downtime_ms must be positive."},
		},
		"a wrong ID": {
			InvalidImportID(errors.New("the ID is wrong")),
			Text{"Invalid Import ID", "The ID is wrong."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireText(t, test.got, test.want)
		})
	}
}

// TestRecordWarningsLeaveNamesAlone has hosts whose names a capital would change, or
// break.
func TestRecordWarningsLeaveNamesAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"kvm1", "österreich1", "ünter", "ß", "хост", "alpha"} {
		for what, detail := range map[string]string{
			"configuration": InvalidHost(&host.ConfigError{Host: name, Field: "uri", Reason: "no"}).Detail,
			"drift":         Surveyed("Record", fleet.Declaration{}, fleet.Survey{Drift: []fleet.Drift{missing(fleet.Copy{Host: name})}})[0].Detail,
			"cluster":       Surveyed("Record", fleet.Declaration{Cluster: name}, fleet.Survey{Drift: []fleet.Drift{missing(fleet.Copy{Host: "kvm1"})}})[0].Detail,
			"declared":      DeclaredElsewhere("Record", fleet.Copy{Host: name}).Detail,
		} {
			if !strings.Contains(detail, name) {
				t.Errorf("%s: %q does not have the name %s as it is", what, detail, name)
			}
			if strings.ToUpper(detail[:1]) != detail[:1] {
				t.Errorf("%s: %q does not begin with a capital", what, detail)
			}
		}
	}
}

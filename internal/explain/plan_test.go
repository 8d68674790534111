package explain

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// stays are the warnings that stay true after an apply, or that only an apply gives, each
// with why.
var stays = map[string]string{
	"ConfigurationUnknown": "tells of the plan itself",
	"Independent":          "tells of the plan itself",
	"HostRenamed":          "tells of the configuration",
	"LeftOnFormerHosts":    "tells of the configuration",
	"Moved":                "is of the apply",
	"ThereUnwatched":       "is of the apply",
	"TakenOver":            "is of the apply",
	"StillThere":           "is of the apply",
	"NotBack":              "is of the apply",
	"LeftInPlace":          "is of the apply",
	"ReportNotWritten":     "is of the apply",
	"ListCut":              "is of a query",
	"Unlisted":             "is of a query",
}

// planWarnings are the warnings of plans, by the functions that make them.
func planWarnings() map[string][]Text {
	l := fleet.Location{
		Host: "kvm1", Domain: migration.Domain{Name: "web", UUID: remedyUUID, State: migration.StateRunning},
		Receiving: []string{"kvm2"}, Leftovers: []string{"kvm3"}, Paused: []string{"kvm4"}, Unseen: []error{errors.New("kvm5: no route")},
	}
	ofVM := fleet.Copy{Host: "kvm1", VM: remedyUUID, Impact: "live"}
	invalid := &fleet.InvalidRecordError{Copy: fleet.Copy{Host: "kvm1", VM: remedyUUID, Impact: "live", Invalid: errors.New("no JSON object")}}
	other := policy.Difference{Field: policy.FieldMaxDowntimeMS, Have: "900", Want: policy.NotSet}
	drift := []fleet.Drift{missing(fleet.Copy{Host: "kvm1"}), differs(fleet.Copy{Host: "kvm2"}, other)}
	gone := Gone{VM: "web", UUID: remedyUUID, Asked: []string{"kvm1"}}
	succeeded, byUUID, hidden := gone, gone, gone
	succeeded.Successor, byUUID.VM, hidden.Former = &l, remedyUUID, []fleet.Member{{Name: "kvm9"}}
	report := migration.Report{Subject: web, State: migration.StateRunning, Unwatched: true, AutostartOff: true}
	foretold := func(verdict forecast.Verdict, f fleet.Forecasting) []Text {
		took := forecast.Exactly(12000)
		made := forecast.Forecast{
			Verdict: verdict, Basis: forecast.ByMeasurement, DurationMS: &took, DowntimeMS: &took, MemoryBytes: &took, ThrottlePercent: &took,
		}
		better := made
		better.Verdict = forecast.EndsThrottled
		if made.Missing = nil; verdict == forecast.Unknown {
			made.Missing = []forecast.Missing{forecast.MissingLink}
		}
		return Foretold(l, fleet.Move{Destination: "kvm2", Forecast: f}, fleet.Forecast{
			Forecast: made, Suggestions: []forecast.Suggestion{{Field: policy.FieldAutoConverge, Value: "true", Forecast: better}},
		})
	}
	return map[string][]Text{
		"Foretold": slices.Concat(foretold(forecast.DoesNotEnd, fleet.ForecastWarn),
			foretold(forecast.DoesNotEnd, fleet.ForecastRequire), foretold(forecast.Unknown, fleet.ForecastWarn)),
		"Surveyed": slices.Concat(
			Surveyed("Record", fleet.Declaration{}, fleet.Survey{Drift: drift, Redeclared: []fleet.Copy{ofVM}, Unknown: []fleet.Copy{later("kvm2")}, Unseen: l.Unseen}),
			Surveyed("Record", fleet.Declaration{}, fleet.Survey{Drift: drift, Gone: true}),
			Surveyed("Record", fleet.Declaration{}, fleet.Survey{Drift: drift, Stuck: &fleet.HeldError{Host: "kvm1", Cluster: "batch"}})),
		"CordonedAlready":     {CordonedAlready(leaves), CordonedAlready(fleet.EvacuationPlan{Host: leaves.Host, Since: time.Unix(0, 0), Why: "a new fan"})},
		"MaintenanceLeft":     {MaintenanceLeft(leaves.Host)},
		"WouldLeave":          {WouldLeave(leaves), WouldLeave(fleet.EvacuationPlan{Host: leaves.Host})},
		"WouldReturn":         {WouldReturn(returns), WouldReturn(fleet.Return{Host: leaves.Host})},
		"DestinationCordoned": {DestinationCordoned("web", "kvm2", "kvm1", cordon.Record{Cordoned: true, Why: "a new fan"})},
		"HistoryUnknown":      {HistoryUnknown(&fleet.InvalidHistoryError{Location: l, Err: errors.New("no JSON object")})},
		"RecordUnread":        {RecordUnread(&fleet.UnlistedError{Name: "web", UUID: remedyUUID, Err: errors.New("access denied")}, false)},
		"LeftShutOff":         {LeftShutOff(l, "kvm2"), LeftShutOff(l, "")},
		"WouldChoose":         {WouldChoose(l, someChoice), WouldChoose(l, placement.Choice{Candidates: someChoice.Candidates[:1]})},
		"NoCluster":           {NoCluster("compute")},
		"VMOutOfSync":         {VMOutOfSync("Record", fleet.VMRecord{Location: l}, drift)},
		"VMRecordMissing":     {VMRecordMissing("Record", l)},
		"Diverging":           {Diverging(l, &fleet.Divergence{Counts: ofVM, Drift: drift})},
		"DeclaredElsewhere":   {DeclaredElsewhere("Record", ofVM)},
		"UnknownMembers":      UnknownMembers("Record", []fleet.Copy{later("kvm1")}),
		"CopiesDiffer":        CopiesDiffer("Record", fleet.Found{Hosts: []string{"kvm1"}, Drift: drift}),
		"LeftBehind":          {LeftBehind([]string{"kvm2"})},
		"Unseen":              {Unseen(l.Unseen)},
		"UnseenByList":        {UnseenByList(l.Unseen)},
		"UnseenByRead":        {UnseenByRead(l.Unseen)},
		"Unreadable":          {Unreadable(invalid)},
		"DestinationsCordoned": {DestinationsCordoned(&fleet.NoDestinationError{
			Location: l, Rejected: map[string]placement.Reason{"kvm2": placement.Cordoned{}, "kvm3": placement.Silent{}},
		})},
		"HostRecordUnreadable": {HostRecordUnreadable(&fleet.UnreadableCordonError{
			Host: "kvm1", Err: &cordon.InvalidError{Reason: "it is not a JSON object"},
		})},
		"PolicyUnknown":  {PolicyUnknown(invalid)},
		"Conflict":       {Conflict(acrossLevels)},
		"HeldElsewhere":  {HeldElsewhere(&fleet.HeldError{Host: "kvm1", Cluster: "batch"})},
		"Renamed":        {Renamed("web", remedyUUID, "web2")},
		"NotYet":         {NotYet(&fleet.NotFoundError{VM: "web", Hosts: []string{"kvm1"}})},
		"Warning":        {gone.Warning(), succeeded.Warning(), byUUID.Warning(), hidden.Warning()},
		"Unusual":        Unusual(l),
		"Leaving":        {Leaving(l)},
		"UnderWay":       {UnderWay(l, "kvm2")},
		"MovedUnwatched": {MovedUnwatched("kvm2", l, history.Entry{From: history.Host{Label: "kvm2"}}, report)},
		"NotChecked":     {NotChecked(l, []preflight.Unchecked{{Check: preflight.CheckPolicy, Why: preflight.Unknowable}})},
		"Uncertain": {
			Uncertain(l, migration.Finding{Fact: preflight.DiskCopied{Decision: vda(storage.Created, "", func(*storage.Facts) {})}, Host: "kvm2", Warning: true}),
			Uncertain(l, migration.Finding{Fact: preflight.ImageUnproved{Decision: vda(storage.Left, "", func(*storage.Facts) {})}, Host: "kvm2", Warning: true}),
			Uncertain(l, migration.Finding{Fact: preflight.ConfigLacks{Finding: migration.Finding{Fact: preflight.NoPeerURI{}}}, Host: "kvm2", Warning: true}),
			Uncertain(l, migration.Finding{Fact: preflight.NoPeerURI{}, Host: "kvm2"}),
			Uncertain(l, migration.Finding{Fact: preflight.NoPeerURI{}, Host: "kvm2", Warning: true}),
			Uncertain(l, migration.Finding{Fact: preflight.PolicyConflict{Conflict: acrossLevels}}),
		},
	}
}

// present is a verb of what was found, in the present tense.
var present = regexp.MustCompile(`^[^.]*\b(is|are|has|cannot|differs|belongs)\b[^.]*\.`)

// whereItIs is a line that says where a VM is, or how: after an apply it may be false.
var whereItIs = regexp.MustCompile(`VM \S+ (is (now )?(running|paused|shut off|on)\b|is \S+ on kvm)`)

// TestPlanWarningsStayTrue wants every warning of a plan to say what was so when the plan
// was made: Terraform prints it again after the apply.
func TestPlanWarningsStayTrue(t *testing.T) {
	t.Parallel()
	for name, texts := range planWarnings() {
		if len(texts) == 0 {
			t.Errorf("%s gives no warning", name)
		}
		for _, text := range texts {
			if !strings.HasPrefix(text.Detail, asOfPlan) {
				t.Errorf("%s does not say that it is of the plan: %s", name, text.Detail)
			}
			if said := present.FindString(strings.TrimPrefix(text.Detail, asOfPlan)); said != "" {
				t.Errorf("%s says in the present tense what was found: %s", name, said)
			}
			for _, passing := range []*regexp.Regexp{whereItIs, regexp.MustCompile(`\b[Nn]ext (apply|plan)\b`)} {
				if said := passing.FindString(text.Detail); said != "" {
					t.Errorf("%s says %q, which may be false after the apply: %s", name, said, text.Detail)
				}
			}
		}
	}
}

// TestLeftoverThatAMoveTakes wants no advice that undefines the VM where its move has made
// the leftover its definition: Terraform prints the warning again after that apply.
func TestLeftoverThatAMoveTakes(t *testing.T) {
	t.Parallel()
	said := planWarnings()["Unusual"][0].Detail
	for _, want := range []string{
		"A move there makes it the VM's own definition, which has to stay.", "while another host has the VM: `virsh undefine",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the warning of a leftover lacks %q: %s", want, said)
		}
	}
}

// TestEveryWarningIsHeldToThat finds a warning of the provider that the test above lacks.
func TestEveryWarningIsHeldToThat(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../provider/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	held, found := planWarnings(), map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if function, ok := call.Fun.(*ast.Ident); !ok || function.Name != "warned" && function.Name != "warnedAt" {
				return true
			}
			for _, argument := range call.Args {
				if inner, ok := argument.(*ast.CallExpr); ok {
					if made, ok := inner.Fun.(*ast.SelectorExpr); ok && !slices.Contains([]string{"Root", "AtSetValue", "at"}, made.Sel.Name) {
						found[made.Sel.Name] = true
					}
				}
			}
			return true
		})
	}
	if len(found) < len(held)/2 {
		t.Fatalf("only %d warnings are found in the provider: %v", len(found), found)
	}
	for name := range found {
		if held[name] == nil && stays[name] == "" {
			t.Errorf("explain.%s is a warning: add it to planWarnings, or to stays with the reason", name)
		}
	}
}

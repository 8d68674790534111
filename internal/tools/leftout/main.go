// Command leftout says which tests `go test ./...` leaves out because they need the lab, and how to run them.
//
//	go run ./internal/tools/leftout [-packages]
//
// It looks below the working directory. With -packages it prints only the directories of the packages that have some.
package main

import (
	"fmt"
	"os"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/tagged"
)

func main() {
	packages, err := tagged.Below(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Find the Tests That Were Left Out:", err)
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == "-packages" {
		for _, tests := range packages {
			fmt.Println("./" + tests.Directory)
		}
		return
	}
	fmt.Println("Left out were the tests that need libvirt hosts or Terraform:")
	for _, tests := range packages {
		fmt.Printf("  %-24s %s\n", "./"+tests.Directory, tests)
	}
	fmt.Println("`make test` runs all of them; one package:")
	for _, tests := range packages[:min(1, len(packages))] {
		fmt.Printf("  go test -race -tags %s ./%s\n", tagged.Tag, tests.Directory)
	}
}

package explain

import "fmt"

// ReportNotWritten warns of a move whose report could not be written. What became of the
// move is said elsewhere.
func ReportNotWritten(vm, directory string, err error) Text {
	return Text{"Unable to Write Move Report", fmt.Sprintf(
		"The report of the move of VM %s could not be written to %s, or not in all parts: %s This has no part in how the "+
			"move went. Check report_directory in the provider's configuration, or VIRT_REPORT_DIRECTORY.",
		vm, directory, Sentence(oneLine(err)))}
}

// Package report says how a move went: as a JSON document for programs, as a picture for
// people, and as metrics for a monitoring system. All three come from the document.
//
// A Recorder collects what happens in a move; Write puts its report into a directory. The
// package talks to no host, and knows no Terraform.
package report

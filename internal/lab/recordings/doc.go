// Package recordings has moves of guests of the lab as they were measured before and as they went, and scores the
// model of package forecast on them. `go run ./internal/lab/cmd/record` records more.
package recordings

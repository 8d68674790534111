// Package instance holds what the provider knows of a resource instance beyond its
// attributes: a Memory is what the instance keeps in its private state from run to
// run, and a Registry what one run sees all instances do, so that a record can pass
// from one to another. It says nothing to users: that is for the provider.
package instance

// Package instance holds what the provider knows of a resource instance beyond its
// attributes. A Memory is what the instance keeps in its private state from run to
// run. A Registry is what all instances do in one run, so that a record can pass from
// one to another. Changes is what one run makes of policies, and the moves that it
// makes under them, so that neither overtakes the other. The texts for users are those of package explain.
package instance

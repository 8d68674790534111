package fleet

import (
	"context"
	"fmt"
	"slices"
)

// among are the hosts that VMs of an evacuation may go to.
func (f *Fleet) among(ctx context.Context, e Evacuation) ([]string, error) {
	switch {
	case len(e.Destinations) > 0:
		if _, err := f.all(e.Destinations); err != nil {
			return nil, err
		}
		return e.Destinations, nil
	case e.Cluster == "":
		return slices.DeleteFunc(f.Names(), func(name string) bool { return name == e.Host }), nil
	}
	names, _, err := f.ClusterHosts(ctx, e.Cluster)
	names = slices.DeleteFunc(names, func(name string) bool { return name == e.Host })
	if err == nil && len(names) == 0 {
		err = &EmptyClusterError{Cluster: e.Cluster, Besides: e.Host}
	}
	return names, err
}

// EmptyClusterError is a cluster that no host is in but the one that is emptied.
type EmptyClusterError struct{ Cluster, Besides string }

func (e *EmptyClusterError) Error() string {
	return fmt.Sprintf("no host that answers is in cluster %q besides %s", e.Cluster, e.Besides)
}

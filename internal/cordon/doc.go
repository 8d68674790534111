// Package cordon is the record of a host itself: whether it is cordoned, which keeps every move of every run from
// choosing it as a destination, and which evacuation is under way. It is kept on the host, so that it holds for whoever
// asks, and outlives the run that wrote it.
package cordon

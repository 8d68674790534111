// Package budget divides what the link of a host may carry among the moves that leave and enter it, and changes their
// shares as they come and go, also those of other runs. It knows neither hosts nor libvirt: the engine of each move
// tells what its migration is held to, and whoever asks the hosts what others move.
package budget

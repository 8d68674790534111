// Package typo finds the word that a misspelled one most likely stands for.
package typo

import "github.com/agext/levenshtein"

// Nearest is the word that has the fewest letters inserted, removed or replaced to make the
// misspelled one, the first of several; ok is false where all need more than a third of its
// letters and one.
func Nearest[W ~string](misspelled string, words []W) (nearest W, ok bool) {
	least := len(misspelled)/3 + 1
	for _, word := range words {
		if d := levenshtein.Distance(misspelled, string(word), nil); d <= least && (!ok || d < least) {
			nearest, least, ok = word, d, true
		}
	}
	return nearest, ok
}

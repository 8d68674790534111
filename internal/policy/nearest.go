package policy

// Nearest is the field whose name a misspelt one most likely means; ok is false where none
// is near.
func Nearest(name string) (field Field, ok bool) {
	least := len(name)/3 + 1
	for i := range table {
		if d := distance(name, string(table[i].Field)); d <= least && (!ok || d < least) {
			field, least, ok = table[i].Field, d, true
		}
	}
	return field, ok
}

// distance is how many letters have to be inserted, removed or changed to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0]++
		for j := range len(b) {
			changed := corner
			if a[i] != b[j] {
				changed++
			}
			corner = row[j+1]
			row[j+1] = min(changed, corner+1, row[j]+1)
		}
	}
	return row[len(b)]
}

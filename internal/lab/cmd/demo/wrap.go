package main

import "strings"

// wrapWidth is where the text of a diagnostic is wrapped, in characters.
const wrapWidth = 96

// wrap breaks long lines between words. What follows an item's dash stays aligned with it.
func wrap(text string) string {
	var wrapped strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimLeft(line, " -")
		margin := strings.Repeat(" ", len(line)-len(body))
		wrapped.WriteString(line[:len(line)-len(body)])
		width := len(margin)
		for i, word := range strings.Fields(body) {
			switch {
			case i == 0:
			case width+1+len(word) > wrapWidth:
				wrapped.WriteString("\n" + margin)
				width = len(margin)
			default:
				wrapped.WriteByte(' ')
				width++
			}
			wrapped.WriteString(word)
			width += len(word)
		}
		wrapped.WriteString(line[len(strings.TrimRight(line, "\n")):])
	}
	return wrapped.String()
}

package main

import (
	"html/template"
	"os"
	"path/filepath"
)

// pageName is the page in the folder of reports that shows what happened.
const pageName = "index.html"

var pageText = template.Must(template.New(pageName).Parse(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>The same VM under four policies</title>
<style>
:root { color-scheme: light dark }
body { font-family: sans-serif; margin: 2em }
pre { overflow-x: auto }
img { width: 100%; max-width: 50em }
</style>
<h1>The same VM under four policies</h1>
<pre>{{.Table}}</pre>
{{range .Steps}}<h2>{{.Number}}. {{.Title}}</h2>
<img src="{{.Picture}}" alt="memory left, rates and throttle over time">
{{end}}</html>
`))

// pageStep is a step as the page shows it.
type pageStep struct {
	Number         int
	Title, Picture string
}

// writePage writes the page: the figures side by side, and under them a picture of each move.
func writePage(directory string, rows []row) (path string, err error) {
	var shown []pageStep
	for i, r := range rows {
		if r.report != nil {
			shown = append(shown, pageStep{i + 1, r.step.title, r.report.picture})
		}
	}
	path = filepath.Join(directory, pageName)
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}()
	return path, pageText.Execute(file, struct {
		Table string
		Steps []pageStep
	}{table(rows), shown})
}

package main

import (
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	t.Parallel()
	got := count(strings.NewReader(`{"Action":"run","Test":"TestA"}
lab: kvm1 ready
{"Action":"pass","Test":"TestA/one"}
{"Action":"pass","Test":"TestA"}
{"Action":"skip","Test":"TestB"}
{"Action":"output","Test":"TestC/one","Output":"no such host\n"}
{"Action":"fail","Test":"TestC/one"}
{"Action":"fail","Test":"TestC"}
{"Action":"fail"}
`))
	if got.ok != 1 || got.failed != 1 || got.leftOut != 1 || got.passed() {
		t.Errorf("counted %+v", got)
	}
}

func TestRowThatRanNothingHasNotPassed(t *testing.T) {
	t.Parallel()
	if (result{}).passed() {
		t.Error("a row without a test has passed")
	}
}

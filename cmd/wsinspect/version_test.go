package main

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
)

// Text and JSON say the same.
func TestVersion(t *testing.T) {
	text := call(t, nil, "version")
	asJSON := call(t, nil, "version", "--json")
	var b build
	if err := json.Unmarshal([]byte(asJSON.stdout), &b); err != nil {
		t.Fatal(err)
	}
	if b.Go != runtime.Version() || text.stdout != b.String()+"\n" || text.code != exitOK || asJSON.code != exitOK {
		t.Errorf("text %+v, JSON %+v", text, asJSON)
	}
	if flag := call(t, nil, "--version"); flag.code != exitOK || !strings.Contains(flag.stdout, b.Version) {
		t.Errorf("--version: %+v", flag)
	}
}

func TestBuildInWords(t *testing.T) {
	b := build{Version: "v1.2.0", Go: "go1.26.8", Platform: "linux/amd64", Revision: "0123abcd", Modified: true}
	const want = "wsinspect v1.2.0, go1.26.8 linux/amd64, revision 0123abcd with local changes"
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

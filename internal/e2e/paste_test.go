package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"wsinspect/internal/corpus"
	"wsinspect/internal/nginxconf"
)

// errElsewhere says of a fix that it is for somebody else than nginx.
var errElsewhere = errors.New("the cure is no configuration of nginx")

// paste does what a person does who pastes the steps of a fix into conf without thinking:
// a line replaces what the same block sets with the same directive (and the same header,
// the same variables), other lines are added. What a file sets that a block includes, the
// block sets. The request says which blocks are meant.
//
// Package nginxconf only reads here. Its own edits put a line where it looks best, know
// more of what replaces what, and are proven by the diffs of lint; that the steps cure
// whoever follows the rule of the API alone is proven by this.
func paste(conf string, more files, fix corpus.Fix, request []byte) (string, error) {
	if fix.For != "nginx" {
		return "", fmt.Errorf("%w, it is for %s", errElsewhere, fix.For)
	}
	if len(fix.Steps) == 0 {
		return "", errors.New("there is nothing to paste")
	}
	for _, s := range fix.Steps {
		if s.Where == "client" || s.Where == "backend" || s.Where == "shell" {
			return "", fmt.Errorf("%w, it is for the %s", errElsewhere, s.Where)
		}
	}
	folder := fstest.MapFS{"nginx.conf": {Data: []byte(conf)}}
	for name, text := range more {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	read, err := nginxconf.Load(folder, "nginx.conf")
	if err != nil {
		return "", err
	}
	for _, s := range fix.Steps {
		block, err := blockOf(read, s.Where, max(fix.Hop, 1), request)
		if err != nil {
			return "", err
		}
		if err := pasteStep(block, s); err != nil {
			return "", err
		}
	}
	return written(read.Main, ""), nil
}

// blockOf returns what stands in the block that a step means.
func blockOf(conf *nginxconf.Config, where string, hop int, request []byte) (*[]*nginxconf.Directive, error) {
	if where == "main" {
		return &conf.Main, nil
	}
	var hops []*nginxconf.Hop // the last first: that one dials the backend
	for h := conf.Route(readRequest(string(request), "8081"), nginxconf.Version{}); h != nil; h = h.Next {
		hops = slices.Insert(hops, 0, h)
	}
	if hop > len(hops) || hops[hop-1].Server == nil {
		return nil, fmt.Errorf("the fix is for hop %d, and there are %d", hop, len(hops))
	}
	h := hops[hop-1]
	block := map[string]*nginxconf.Directive{"http": h.Server.Parent, "server": h.Server, "location": h.Location}[where]
	if block == nil {
		return nil, fmt.Errorf("hop %d has no %s", hop, where)
	}
	return &block.Block, nil
}

// pasteStep takes out of a block what the step removes and what its lines replace, and
// puts the lines where the first of those stood, or else at the end.
func pasteStep(block *[]*nginxconf.Directive, s corpus.Step) error {
	lines, err := readStep(s.Lines)
	if err != nil {
		return err
	}
	at := len(*block)
	for i, old := range slices.Backward(*block) {
		replaced := slices.ContainsFunc(lines, func(d *nginxconf.Directive) bool { return sets(d) == sets(old) })
		removed := slices.ContainsFunc(s.Remove, func(r string) bool { return names(r, old) })
		if replaced || removed {
			*block = slices.Delete(*block, i, i+1)
			at = i
		}
	}
	*block = slices.Insert(*block, at, lines...)
	return nil
}

// readStep reads the lines of a step, without the blocks that are thought around them.
func readStep(text []string) ([]*nginxconf.Directive, error) {
	conf, err := nginxconf.Read("the step", strings.NewReader(strings.Join(text, "\n")))
	if err != nil {
		return nil, err
	}
	for _, f := range conf.Faults {
		if f.Directive == nil { // the others are for nginx to find
			return nil, fmt.Errorf("the lines cannot be pasted: %w", f)
		}
	}
	lines := conf.Main
	for len(lines) > 0 && lines[0].Line == 0 {
		lines = lines[0].Block
	}
	return lines, nil
}

// sets names what a directive sets: two with the same name replace each other.
func sets(d *nginxconf.Directive) string {
	switch d.Name {
	case "proxy_set_header", "grpc_set_header":
		return d.Name + " " + strings.ToLower(d.Args[0])
	case "map", "location", "upstream", "server", "if":
		return d.Name + " " + strings.Join(d.Args, " ")
	}
	return d.Name
}

// names reports whether a name such as "proxy_set_header Origin" means d.
func names(name string, d *nginxconf.Directive) bool {
	words := strings.Fields(name)
	return len(words) > 0 && words[0] == d.Name && len(words)-1 <= len(d.Args) &&
		slices.EqualFunc(words[1:], d.Args[:len(words)-1], strings.EqualFold)
}

// written returns the text of directives. Comments are lost.
func written(list []*nginxconf.Directive, indent string) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(indent + d.String())
		if d.Open == 0 {
			b.WriteString(";\n")
		} else {
			b.WriteString(" {\n" + written(d.Block, indent+"    ") + indent + "}\n")
		}
	}
	return b.String()
}

// TestPaste holds the paster to its rule, since it proves the cures.
func TestPaste(t *testing.T) {
	const conf = `
# two hops
map $a $unrelated { default ''; }
http {
    map $http_upgrade $connection_upgrade { default close; '' upgrade; }
    server {
        listen 127.0.0.1:8081;
        location /ws { proxy_pass http://inner; proxy_set_header Connection "}"; # }
        }
    }
    upstream inner { server 127.0.0.1:8082; }
    server {
        listen 127.0.0.1:8082;
        location / { proxy_pass http://127.0.0.1:8080; }
        location ~ ^/w { set $b "${a}b"; proxy_pass http://127.0.0.1:8080; proxy_set_header origin ""; include more/*.conf; proxy_set_header Host b; }
    }
}`
	const fixed = `map $a $unrelated {
    default '';
}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
    }
    server {
        listen 127.0.0.1:8081;
        location /ws {
            proxy_pass http://inner;
            proxy_set_header Connection "}";
        }
    }
    upstream inner {
        server 127.0.0.1:8082;
    }
    server {
        listen 127.0.0.1:8082;
        location / {
            proxy_pass http://127.0.0.1:8080;
        }
        location ~ ^/w {
            set $b "${a}b";
            proxy_pass http://127.0.0.1:8080;
            proxy_set_header Host $http_host;
            proxy_read_timeout 1h;
        }
    }
}
`
	fix := corpus.Fix{For: "nginx", Steps: []corpus.Step{
		{Where: "http", Lines: []string{`map $http_upgrade $connection_upgrade { default upgrade; }`}},
		{Where: "location", Lines: []string{`proxy_set_header Host $http_host;`, `proxy_read_timeout 1h;`}, Remove: []string{"proxy_set_header Origin"}},
	}}
	more := files{"more/host.conf": "proxy_set_header Host a;", "other.conf": "never;"}
	request := []byte("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n")
	got, err := paste(conf, more, fix, request)
	if err != nil || got != fixed {
		t.Errorf("%v, pasted:\n%s\nwant:\n%s", err, got, fixed)
	}

	fix.Hop = 2
	got, err = paste(conf, more, fix, request)
	if err != nil || !strings.Contains(got, "location /ws {\n            proxy_pass http://inner;\n            proxy_set_header Connection \"}\";\n            proxy_set_header Host $http_host;") {
		t.Errorf("%v, not pasted into the outer hop:\n%s", err, got)
	}
	fix.Hop = 3
	if _, err := paste(conf, more, fix, request); err == nil {
		t.Error("pasted into a third hop, and there are two")
	}
	fix.For = "client"
	if _, err := paste(conf, more, fix, request); !errors.Is(err, errElsewhere) {
		t.Errorf("%v: the fix is for the client", err)
	}
}

package e2e

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/corpus"
)

// errElsewhere says of a fix that it is for somebody else than nginx.
var errElsewhere = errors.New("the cure is no configuration of nginx")

// paste does what a person does who pastes the steps of a fix into conf without thinking:
// a line replaces what the same block sets with the same directive (and the same header,
// the same variables), other lines are added. What a file sets that a block includes, the
// block sets. The request says which blocks are meant.
func paste(conf string, more files, fix corpus.Fix, request []byte) (string, error) {
	if fix.For != "nginx" {
		return "", fmt.Errorf("%w, it is for %s", errElsewhere, fix.For)
	}
	if len(fix.Steps) == 0 {
		return "", errors.New("there is nothing to paste")
	}
	root, err := parseConf(conf)
	if err != nil {
		return "", err
	}
	if err := include(root, more); err != nil {
		return "", err
	}
	for _, s := range fix.Steps {
		if s.Where == "client" || s.Where == "backend" || s.Where == "shell" {
			return "", fmt.Errorf("%w, it is for the %s", errElsewhere, s.Where)
		}
		block, err := blockOf(root, s.Where, max(fix.Hop, 1), request)
		if err != nil {
			return "", err
		}
		if err := pasteStep(block, s); err != nil {
			return "", err
		}
	}
	return root.String(), nil
}

// include puts the text of files in the place of the directives that include them.
func include(block *directive, more files) error {
	for i := 0; i < len(block.block); i++ {
		d := block.block[i]
		if err := include(d, more); err != nil {
			return err
		}
		if d.name != "include" {
			continue
		}
		var lines []*directive
		for _, name := range slices.Sorted(maps.Keys(more)) {
			if ok, _ := path.Match(d.arg(0), name); !ok {
				continue
			}
			file, err := parseConf(more[name])
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			lines = append(lines, file.block...)
		}
		block.block = slices.Replace(block.block, i, i+1, lines...)
		i--
	}
	return nil
}

// blockOf returns the block that a step means.
func blockOf(root *directive, where string, hop int, request []byte) (*directive, error) {
	if where == "main" {
		return root, nil
	}
	hops, err := route(root, "127.0.0.1:8081", request)
	if err != nil {
		return nil, err
	}
	if hop > len(hops) {
		return nil, fmt.Errorf("the fix is for hop %d, and there are %d", hop, len(hops))
	}
	block := map[string]*directive{
		"http": hops[hop-1].http, "server": hops[hop-1].server, "location": hops[hop-1].location,
	}[where]
	if block == nil {
		return nil, fmt.Errorf("hop %d has no %s", hop, where)
	}
	return block, nil
}

// pasteStep takes out of a block what the step removes and what its lines replace, and
// puts the lines where the first of those stood, or else at the end.
func pasteStep(block *directive, s corpus.Step) error {
	lines, err := parseConf(strings.Join(s.Lines, "\n"))
	if err != nil {
		return fmt.Errorf("the lines cannot be pasted: %w", err)
	}
	at := len(block.block)
	for i := len(block.block) - 1; i >= 0; i-- {
		old := block.block[i]
		replaced := slices.ContainsFunc(lines.block, func(d *directive) bool { return sets(d) == sets(old) })
		removed := slices.ContainsFunc(s.Remove, func(r string) bool { return names(r, old) })
		if replaced || removed {
			block.block = slices.Delete(block.block, i, i+1)
			at = i
		}
	}
	block.block = slices.Insert(block.block, at, lines.block...)
	return nil
}

// sets names what a directive sets: two with the same name replace each other.
func sets(d *directive) string {
	switch d.name {
	case "proxy_set_header", "grpc_set_header":
		return d.name + " " + strings.ToLower(d.arg(0))
	case "map", "location", "upstream", "server", "if":
		return strings.Join(append([]string{d.name}, d.args...), " ")
	}
	return d.name
}

// names reports whether a name such as "proxy_set_header Origin" means d.
func names(name string, d *directive) bool {
	words := strings.Fields(strings.TrimSuffix(name, ";"))
	if len(words) == 0 || words[0] != d.name || len(words)-1 > len(d.args) {
		return false
	}
	for i, w := range words[1:] {
		if !strings.EqualFold(unquote(w), d.arg(i)) {
			return false
		}
	}
	return true
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

package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

//go:embed templates static
var files embed.FS

// styles are the parts of style.css, in their order: one file to fetch, a file a screen to
// read.
var styles = []string{"base", "list", "attempt", "bytes", "reference", "compare", "selftest", "gallery"}

// assets are the files under static, each by its plain name and by the name that carries
// its hash. They hold nothing of a stranger's, so the guard does not stand before them: the
// sign-in screen needs them.
type assets struct {
	names   map[string]string // "style.css": "style.1f0c….css"
	content map[string][]byte // by hashed name
}

func loadAssets() *assets {
	s := &assets{names: map[string]string{}, content: map[string][]byte{}}
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		panic(err) // the folder is embedded, or this does not compile
	}
	s.add("page.js", squeezeScript(mustRead("static/page.js")))
	own := []byte("./" + s.names["page.js"])
	for _, e := range entries {
		if e.IsDir() || e.Name() == "page.js" {
			continue
		}
		content := mustRead("static/" + e.Name())
		if path.Ext(e.Name()) == ".js" { // built on page.js, which has another name here
			content = bytes.ReplaceAll(squeezeScript(content), []byte("./page.js"), own)
		}
		s.add(e.Name(), content)
	}
	var style []byte
	for _, part := range styles {
		style = append(style, mustRead("static/style/"+part+".css")...)
	}
	s.add("style.css", squeeze(style))
	return s
}

func (s *assets) add(name string, content []byte) {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	s.names[name], s.content[hashed] = hashed, content
}

// squeeze takes comments and spaces out of a style that only its readers here need.
func squeeze(style []byte) []byte {
	style = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAll(style, nil)
	style = regexp.MustCompile(`\s+`).ReplaceAll(style, []byte(" "))
	style = regexp.MustCompile(` ?([{};,>]) ?|(:) `).ReplaceAll(style, []byte("$1$2"))
	return bytes.ReplaceAll(style, []byte(";}"), []byte("}"))
}

// squeezeScript takes comments and indents out of a script: no text of ours goes over more
// than one line, and none holds what begins a comment, with its spaces.
func squeezeScript(script []byte) []byte {
	script = regexp.MustCompile(`(?m)(^\s*| +)// .*$`).ReplaceAll(script, nil)
	return regexp.MustCompile(`(?m)^\s+`).ReplaceAll(script, nil)
}

// mustRead returns an embedded file; a name that is not there is a mistake of the program.
func mustRead(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return b
}

// hashed returns the name under which a file is served; a template that asks for a file
// that is not there fails.
func (s *assets) hashed(name string) (string, error) {
	if h, ok := s.names[name]; ok {
		return h, nil
	}
	return "", &fs.PathError{Op: "embed", Path: name, Err: fs.ErrNotExist}
}

// picture is the template "icon", for rows.
func (s *assets) picture(name, root string) template.HTML {
	name = html.EscapeString(name)
	return template.HTML(`<svg class="icon ` + name + `" width="16" height="16" aria-hidden="true">` + s.use(name, root))
}

// wire returns the picture of a wire.
func (s *assets) wire(w wire, root string) template.HTML {
	return template.HTML(`<svg class="wire ` + html.EscapeString(w.Tone) + `" width="66" height="14" role="img" aria-label="` +
		html.EscapeString(w.Name) + `">` + s.use(html.EscapeString(w.Icon), root))
}

func (s *assets) use(name, root string) string {
	return `<use href="` + html.EscapeString(root) + `/static/` + s.names["icons.svg"] + `#` + name + `"/></svg>`
}

// asset answers with a file by its hashed name. Another content has another name, so it
// may be kept for ever.
func (p *page) asset(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "name")
	b, ok := p.assets().content[name]
	if !ok {
		writeText(w, http.StatusNotFound, "wsinspect has no such file. Reload the page that asked for it.\n")
		return
	}
	w.Header().Del("Vary")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", mediaType(name))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}

func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

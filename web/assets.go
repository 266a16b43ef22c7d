package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

//go:embed templates static
var files embed.FS

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
	for _, e := range entries {
		b, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(b)
		ext := path.Ext(e.Name())
		hashed := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		s.names[e.Name()], s.content[hashed] = hashed, b
	}
	return s
}

// hashed returns the name under which a file is served; a template that asks for a file
// that is not there fails.
func (s *assets) hashed(name string) (string, error) {
	if h, ok := s.names[name]; ok {
		return h, nil
	}
	return "", &fs.PathError{Op: "embed", Path: name, Err: fs.ErrNotExist}
}

// serve answers with a file by its hashed name. Another content has another name, so it
// may be kept for ever.
func (s *assets) serve(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "name")
	b, ok := s.content[name]
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

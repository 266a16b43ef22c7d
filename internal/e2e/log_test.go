package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLogBeforeAnswer proves that what was answered is in the log file: wsinspect is
// killed, as by kill -9, at the first byte of its answer.
func TestLogBeforeAnswer(t *testing.T) {
	for _, c := range []struct {
		name, origin, want string
	}{
		{"accepted", "http://localhost", "HTTP/1.1 101"},
		{"rejected", "http://elsewhere.example", "HTTP/1.1 403"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "attempts.jsonl")
			ws := startInspector(t, "--log", file)

			conn := dial(t, ws.port)
			defer conn.Close()
			io.WriteString(conn, head(handshake("/ws/echo", "localhost", "Origin: "+c.origin)))
			answer := bufio.NewReader(conn)
			if _, err := answer.Peek(1); err != nil {
				t.Fatal(err)
			}
			ws.kill(t)

			resp, err := http.ReadResponse(answer, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := "HTTP/1.1 " + resp.Status; !strings.HasPrefix(got, c.want) {
				t.Fatalf("answered %s, want %s", got, c.want)
			}
			id := resp.Header.Get("Wsinspect-Attempt")
			log, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			line, _, whole := strings.Cut(string(log), "\n")
			if !whole || !json.Valid([]byte(line)) || !strings.Contains(line, `"`+id+`"`) {
				t.Errorf("attempt %s was answered and is not in the log:\n%s", id, log)
			}
		})
	}
}

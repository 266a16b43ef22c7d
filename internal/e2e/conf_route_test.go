package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"wsinspect/internal/corpus"
	"wsinspect/internal/dump"
	"wsinspect/internal/nginxconf"
)

// TestConfRoute makes up configurations and requests, foretells what nginx does, and holds
// that against what it really does. What is said not to be followed may be anything; what
// is foretold must come true to the byte.
func TestConfRoute(t *testing.T) {
	t.Parallel()
	const configurations, requests = 16, 120
	version := nginxconf.Version(nginxVersion(t))
	var sent, answered, open int
	for seed := range uint64(configurations) {
		f := newConfFamily(seed)
		text := f.conf()
		backend := startRecorder(t)
		nginx, w := startCase(t, &corpus.Case{}, text, backend.port, "/none")
		conf, err := nginxconf.Read("nginx.conf", strings.NewReader(w.real(text)))
		if err != nil || len(conf.Faults) > 0 {
			t.Fatalf("nginx loads what is said to be refused: %v %v\n%s", err, conf.Faults, text)
		}
		for range requests {
			raw := f.request()
			foretold := conf.Route(readRequest(raw, w.ports["8081"]), version)
			got := backend.ask(t, w.ports["8081"], raw)
			h := foretold
			for h.Next != nil {
				h = h.Next
			}
			switch problem := differs(foretold, h, got); {
			case problem != "":
				t.Errorf("seed %d: %q\n%s\nwas foretold from\n%s", seed, raw, problem, w.real(text))
			case h.Sends != nil:
				sent++
			case h.Answer != nil || h.Status != 0:
				answered++
			default:
				open++
			}
		}
		nginx.end(syscall.SIGTERM)
		if t.Failed() {
			break
		}
	}
	t.Logf("foretold: what reaches the backend %d times, an answer of nginx %d times, nothing %d times", sent, answered, open)
	if open*10 > sent+answered {
		t.Errorf("%d requests of %d are not followed", open, configurations*requests)
	}
}

// differs says in what a foretold hop differs from what happened.
func differs(first, h *nginxconf.Hop, got result) string {
	for hop := first; hop != nil; hop = hop.Next {
		for _, s := range hop.Skipped {
			if s.Name == "proxy_set_header" || s.Name == "map" || s.Name == "proxy_pass" {
				return "" // said not to be known
			}
		}
	}
	switch {
	case h.Sends != nil:
		want := fmt.Sprintf("%s %s %s\r\n", h.Method, h.Target, h.Version)
		for _, line := range h.Sends {
			want += line.Name + ": " + line.Value + "\r\n"
		}
		if want += "\r\n"; want != string(got.arrived) {
			return fmt.Sprintf("foretold\n%q\narrived\n%q, status %d", want, got.arrived, got.status)
		}
	case h.Answer == nil && h.Status == 0:
		return ""
	case got.arrived != nil:
		return fmt.Sprintf("foretold an answer of %v, arrived\n%q", h.Answer, got.arrived)
	case h.Status != 0 && h.Status != got.status && h.Status != 444:
		return fmt.Sprintf("foretold %d by %v, it is %d", h.Status, h.Answer, got.status)
	case !strings.HasSuffix(got.location, h.Redirect):
		return fmt.Sprintf("foretold a redirect to %s, it is to %s", h.Redirect, got.location)
	}
	return ""
}

// readRequest reads a request as package nginxconf takes it.
func readRequest(raw, port string) *nginxconf.Request {
	head := dump.Parse([]byte(raw))
	r := &nginxconf.Request{
		Address: netip.MustParseAddrPort("127.0.0.1:" + port), From: netip.MustParseAddr("127.0.0.1"),
		Method: head.Method(), URI: head.Target(), Version: head.Version(),
	}
	for _, f := range head.Fields {
		if head.Is(f, "Host") && r.Host == "" {
			r.Host = head.Value(f)
			continue
		}
		r.Headers = append(r.Headers, nginxconf.Header{Name: head.Name(f), Value: head.Value(f)})
	}
	return r
}

// recorder is a backend that keeps the head of the last request.
type recorder struct {
	port string
	got  chan []byte
}

func startRecorder(t *testing.T) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	r := &recorder{port: port, got: make(chan []byte, 1)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(conn)
		}
	}()
	return r
}

// serve keeps the head of a request before it answers: when the answer is there, so is the
// head.
func (r *recorder) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		head = append(head, line...)
	}
	r.got <- head
	fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// result is what came of a request.
type result struct {
	arrived  []byte // at the backend; nil: nothing
	status   int    // 0: the connection was closed
	location string
}

// ask sends a request to nginx.
func (r *recorder) ask(t *testing.T, port, raw string) (got result) {
	t.Helper()
	conn := dial(t, port)
	defer conn.Close()
	if _, err := conn.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(raw, " ")
	if resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method}); err == nil {
		got.status, got.location = resp.StatusCode, resp.Header.Get("Location")
	}
	select {
	case got.arrived = <-r.got:
	default:
	}
	return got
}

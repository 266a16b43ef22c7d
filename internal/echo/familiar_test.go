package echo

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// FuzzFamiliar demands that an attempt whose head came before, with another key, says what
// it says where nothing came before.
func FuzzFamiliar(f *testing.F) {
	f.Add([]byte(head()), []byte("0123456789abcdef"), []byte("fedcba9876543210"), false)
	for _, c := range diagnosis.Catalogue() {
		if e := c.Example(); e != nil {
			f.Add([]byte(strings.ReplaceAll(e.Arrived, "\n", "\r\n")+"\r\n"), []byte{}, []byte("x"), true)
		}
	}
	masker := dump.NewMasker(false)
	fresh := func(t testing.TB) *Handler { return unheard(t, masker) }
	f.Fuzz(func(t *testing.T, raw, one, other []byte, far bool) {
		a := fresh(t).begin(arrived(raw, other, far))
		again := fresh(t)
		again.begin(arrived(raw, one, far))
		b := again.begin(arrived(raw, other, far))
		if !b.Settled() {
			return // it was judged anew, and others were asked about
		}
		same(t, a, b)
	})
}

func TestFamiliarIsNotJudgedAgain(t *testing.T) {
	h := unheard(t, dump.NewMasker(false))
	rejected := head("Origin: http://elsewhere.example", "Authorization: Bearer very-secret-token-0123456789")
	first := h.begin(arrived([]byte(rejected), []byte("one"), false))
	second := h.begin(arrived([]byte(rejected), []byte("two"), false))
	if &first.Verdict.Findings[0] != &second.Verdict.Findings[0] {
		t.Error("a head that came again with another key was judged again")
	}
	if first.ID == second.ID || bytes.Equal(first.Request.Head.Raw, second.Request.Head.Raw) {
		t.Error("the second attempt has not its own ID and bytes")
	}
	if bytes.Contains(second.Request.Head.Raw, []byte("very-secret")) {
		t.Errorf("a secret is not masked: %q", second.Request.Head.Raw)
	}
	if d := second.Deciding(); second.State != journal.Rejected || d == nil || d.Check.ID != "origin-same-host" {
		t.Errorf("the second attempt is %v, decided by %v", second.State, d)
	}
	for name, raw := range map[string]string{
		"another origin": head("Origin: http://another.example"),
		"another secret": strings.Replace(rejected, "very-secret", "much-secret", 1),
		"a line more":    head("Origin: http://elsewhere.example\r\nX-More: 1"),
	} {
		if other := h.begin(arrived([]byte(raw), []byte("two"), false)); &other.Verdict.Findings[0] == &first.Verdict.Findings[0] {
			t.Errorf("%s: taken for the head before", name)
		}
	}
	if other := h.begin(arrived([]byte(rejected), []byte("two"), true)); &other.Verdict.Findings[0] == &first.Verdict.Findings[0] {
		t.Error("another peer: taken for the one before")
	}
}

func TestFamiliarIsBounded(t *testing.T) {
	h := unheard(t, dump.NewMasker(false))
	for i := range 3 * maxFamiliar {
		h.begin(arrived([]byte(head(fmt.Sprintf("Host: %d.example", i))), nil, false))
	}
	if n, order := len(h.familiar.attempts), len(h.familiar.order); n > maxFamiliar || n != order {
		t.Errorf("%d heads are remembered in an order of %d; at most %d may be", n, order, maxFamiliar)
	}
}

// unheard returns a handler that has met nobody.
func unheard(t testing.TB, masker *dump.Masker) *Handler {
	policy, err := handshake.NewPolicy(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	j := journal.New(journal.Options{Expect: []string{"/ws"}})
	return New(Options{Journal: j, Masker: masker, Policy: policy, WriteTimeout: time.Minute})
}

// arrived makes a request of raw with a key of those bytes, where it has a whole one.
func arrived(raw, key []byte, far bool) *dump.Request {
	raw = bytes.Clone(raw)
	if place, ok := soleKey(dump.Parse(raw)); ok {
		var sixteen [16]byte
		copy(sixteen[:], key)
		base64.StdEncoding.Encode(raw[place.Start:place.End], sixteen[:])
	}
	h := dump.Parse(raw)
	r := &dump.Request{Head: h, Time: time.Now(), After: len(raw) - len(h.Raw),
		Local: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, Remote: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50000}}
	if far {
		r.Remote = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 50000}
	}
	return r
}

// same fails the test where two attempts of one request differ.
func same(t *testing.T, a, b *journal.Attempt) {
	t.Helper()
	for _, part := range []struct {
		name string
		a, b any
	}{
		{"state", a.State, b.State}, {"client", a.Client, b.Client}, {"nonce", a.Nonce, b.Nonce}, {"verdict", a.Verdict, b.Verdict},
		{"causes", a.Causes, b.Causes}, {"head", a.Request.Head, b.Request.Head}, {"settled", a.Settled(), b.Settled()},
	} {
		if !reflect.DeepEqual(part.a, part.b) {
			t.Errorf("%s: %+v where nothing came before, %+v for one that came again", part.name, part.a, part.b)
		}
	}
}

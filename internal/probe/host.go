package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxHost is how long a host may be, in bytes: DNS takes 253 characters, and some of them may
// be escaped here.
const maxHost = 4 << 10

// readHost returns a host as browsers spell it: lower case, names of other scripts in
// Punycode, addresses in their shortest form, a dot at the end kept.
func readHost(s string) (string, error) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		return readIPv6(inner)
	}
	if len(s) > maxHost {
		return "", fmt.Errorf("the host has %d bytes: no name is that long", len(s))
	}
	name := unescape(s)
	if strings.Contains(name, ":") {
		return "", fmt.Errorf("the host %q has a colon: write an IPv6 address in brackets, [::1]", s)
	}
	if isASCII(name) {
		name = strings.ToLower(name)
	} else {
		var err error
		if name, err = browserIDNA().ToASCII(name); err != nil {
			return "", fmt.Errorf("the host %q is no name: %w", s, err)
		}
	}
	switch {
	case name == "":
		return "", errors.New("the host is missing")
	case strings.ContainsFunc(name, notInHost):
		return "", fmt.Errorf("the host %q has a character that no host can have", s)
	case endsInNumber(name):
		return readIPv4(name)
	}
	return name, nil
}

// browserIDNA returns the rules by which browsers turn names into ASCII (UTS 46,
// nontransitional; the URL standard, "domain to ASCII", beStrict false).
func browserIDNA() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckJoiners(true),
		idna.StrictDomainName(false), idna.CheckHyphens(false), idna.VerifyDNSLength(false))
}

// notInHost tells the characters that the URL standard forbids in a domain.
func notInHost(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune("#/:<>?@[\\]^|%", r)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// readIPv6 reads what stands behind the opening bracket.
func readIPv6(s string) (string, error) {
	s, ok := strings.CutSuffix(s, "]")
	if !ok {
		return "", fmt.Errorf("the bracket of the address [%s is not closed", s)
	}
	if strings.Contains(s, "%") {
		return "", fmt.Errorf("the address [%s] has a zone: browsers open no such URL, since a zone means something on one machine alone", s)
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || !addr.Is6() {
		return "", fmt.Errorf("[%s] is no IPv6 address", s)
	}
	if addr.Is4In6() { // browsers write these in hexadecimal as well
		b := addr.As16()
		return fmt.Sprintf("::ffff:%x:%x", binary.BigEndian.Uint16(b[12:]), binary.BigEndian.Uint16(b[14:])), nil
	}
	return addr.String(), nil
}

// endsInNumber reports whether the last label is a number: the host is then an IPv4 address
// to a browser, or nothing.
func endsInNumber(name string) bool {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	last := labels[len(labels)-1]
	if last != "" && strings.Trim(last, "0123456789") == "" {
		return true
	}
	_, err := readNumber(last)
	return err == nil
}

// readIPv4 reads an address of one to four numbers; the last one fills the bytes that are
// left: 127.1 is 127.0.0.1.
func readIPv4(name string) (string, error) {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	var whole uint64
	for i, label := range labels {
		n, err := readNumber(label)
		bytes := 1
		if i == len(labels)-1 {
			bytes = 4 - i
		}
		if err != nil || i > 3 || n >= 1<<(8*bytes) {
			return "", fmt.Errorf("the host %q ends in a number and is no IPv4 address", name)
		}
		whole = whole<<(8*bytes) | n
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(whole))
	return netip.AddrFrom4(b).String(), nil
}

// readNumber reads a part of an IPv4 address: decimal, octal behind 0, hexadecimal behind
// 0x.
func readNumber(s string) (uint64, error) {
	switch rest, hexadecimal := strings.CutPrefix(s, "0x"); {
	case hexadecimal && rest == "":
		return 0, nil
	case hexadecimal:
		return strconv.ParseUint(rest, 16, 40)
	case len(s) > 1 && s[0] == '0':
		return strconv.ParseUint(s, 8, 40)
	}
	return strconv.ParseUint(s, 10, 40)
}

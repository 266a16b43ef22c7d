package main

import (
	"net"
	"syscall"
	"testing"
)

// TestKeepAlive: an accepted connection has inherited the probes and the time by which the
// kernel finds out, within two and a half minutes, that its peer is gone without a word.
func TestKeepAlive(t *testing.T) {
	l, err := listen(address{network: "tcp", addr: "127.0.0.1:0"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, option := range []struct {
		name              string
		level, code, want int
	}{
		{"SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15},
		{"TCP_KEEPINTVL", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15},
		{"TCP_KEEPCNT", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 9},
		{"TCP_USER_TIMEOUT", syscall.IPPROTO_TCP, tcpUserTimeout, 150_000},
	} {
		raw.Control(func(fd uintptr) {
			got, err := syscall.GetsockoptInt(int(fd), option.level, option.code)
			if got != option.want || err != nil {
				t.Errorf("%s is %d, %v; want %d", option.name, got, err, option.want)
			}
		})
	}
}

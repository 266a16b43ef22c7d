package main

import "syscall"

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7), which package syscall lacks.
const tcpUserTimeout = 18

// inheritKeepAlive sets TCP keep-alive once, on the listening socket, from which Linux
// hands it to every accepted one. net/http's own way costs four system calls a connection.
// The times are net's defaults: 15 s of silence, then 9 probes 15 s apart. There are no
// probes while something that was sent is not acknowledged, so that has the same time;
// Linux would wait for a quarter of an hour.
func inheritKeepAlive(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		for _, option := range []struct{ level, name, value int }{
			{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 9},
			{syscall.IPPROTO_TCP, tcpUserTimeout, 150_000}, // milliseconds
		} {
			if failed == nil {
				failed = syscall.SetsockoptInt(int(fd), option.level, option.name, option.value)
			}
		}
	})
	if err != nil {
		return err
	}
	return failed
}

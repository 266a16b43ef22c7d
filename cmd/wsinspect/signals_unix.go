//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreBrokenLogs turns the signals of a log that cannot be written into errors of the
// write: a pipe that nobody reads any more, and a file that has reached ulimit -f. Neither
// is a reason to end.
func ignoreBrokenLogs() { signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ) }

package main

import (
	"syscall"
	"time"
)

// nap sleeps for d. It asks the kernel, which is late by some 50 µs; the timers of Go's
// scheduler are late by up to 1 ms, which would be more than what is measured.
func nap(d time.Duration) {
	t := syscall.NsecToTimespec(d.Nanoseconds())
	syscall.Nanosleep(&t, nil) // one that a signal cuts short is taken up again by pace
}

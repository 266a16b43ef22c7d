//go:build !unix

package main

// ignoreBrokenLogs does nothing where a log that cannot be written sends no signal.
func ignoreBrokenLogs() {}

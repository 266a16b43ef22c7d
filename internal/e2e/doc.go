// Package e2e holds tests only: the real program behind a real nginx, seen by a real
// Chromium. Each test reads like the story of somebody who uses it.
//
// TestMain builds wsinspect once, with the race detector when the tests have it. The files
// inspector_test.go, nginx_test.go and browser_test.go start the three parties;
// process_test.go stops them, by pid. nginx and Chromium are not optional: without them
// the tests fail and say what to install.
package e2e

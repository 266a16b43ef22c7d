// Package e2e holds tests only: the real program behind a real nginx and other proxies,
// seen by a real Chromium. Each test reads like the story of somebody who uses it.
//
// TestMain builds wsinspect once, with the race detector when the tests have it. The files
// inspector_test.go, nginx_test.go and browser_test.go start the three parties;
// process_test.go stops them, by pid. proxy_test.go starts any other proxy and pastes the
// fixes of a diagnosis into it; haproxy_test.go and its like hold their configurations.
// None of the programs is optional: without it the tests fail and say what to install.
//
// TestStates walks the gallery of states, every screen in every state; watch_test.go says
// what nothing on it may do. TestGallery makes the known faults of deploy/faults.conf happen.
//
// TestCorpus proves the diagnosis on real failures: package corpus reads a case,
// corpus_test.go runs it, paste_test.go pastes the fix as it is, corpus_table_test.go says
// what came of it all.
//
// TestConfRoute makes up configurations, and holds what package nginxconf foretells of them
// against what nginx does.
package e2e

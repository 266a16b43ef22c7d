package e2e

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"wsinspect/internal/corpus"
)

// The configuration of nginx makes of a set of causes one line in one file: for the service,
// which reads it again when it is told to, for the probe, and for lint over an attempt.
func TestConfigurationAsEvidence(t *testing.T) {
	const broken = `location /ws { proxy_pass http://127.0.0.1:%s; proxy_http_version 1.1;
		proxy_set_header Host $http_host; }`
	file := confFile(t, "", nil)
	ws := startAlone(t, "--nginx-conf", file)
	conf := strings.Replace(serverWith(fmt.Sprintf(broken, ws.port)), "include wsinspect.d/*.conf;", "", 1)
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	proxy := startNginx(t, serverWith(fmt.Sprintf(broken, ws.port)), nil)
	address := "ws://localhost:" + proxy.port + "/ws"

	before := runProbe(t, "--inspect", ws.url, address)
	if len(before.Causes) < 2 {
		t.Fatalf("without the configuration there is %s, want a set", corpus.Brief(before.Causes))
	}
	const cause = "upgrade-headers-not-forwarded"
	one := func(who string, found []corpus.Conclusion) {
		t.Helper()
		if len(found) != 1 || found[0].ID != cause || found[0].Confidence != "certain" || !strings.Contains(found[0].Because, file+":") {
			t.Errorf("%s concludes %+v, want %s and its line", who, found, cause)
		}
	}
	one("the probe", runProbe(t, "--inspect", ws.url, "--nginx-conf", file, address).Causes)
	one("lint", runLint(t, "--attempt", before.Arrived.ID, "--inspect", ws.url, file).conclusions())

	ws.cmd.Process.Signal(syscall.SIGHUP)
	ws.await(t, `the configuration of nginx was read again`)
	after := runProbe(t, "--inspect", ws.url, address)
	one("the service", ws.attempt(t, after.Arrived.ID).Causes)
}

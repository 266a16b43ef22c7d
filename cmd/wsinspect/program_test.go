package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// outcome is what a run of the program leaves behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// call runs the program as a shell would, with an environment of its own and nothing on
// standard input.
func call(t *testing.T, env map[string]string, args ...string) outcome {
	t.Helper()
	return pipe(t, "", env, args...)
}

// pipe is a call that reads a text from standard input.
func pipe(t *testing.T, stdin string, env map[string]string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	lookup := func(key string) (string, bool) { value, ok := env[key]; return value, ok }
	code := run(t.Context(), append([]string{"wsinspect"}, args...), lookup, strings.NewReader(stdin), &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// A wrong call exits with 2, says on one line of standard error what is wrong and what to
// type, and prints nothing else.
func TestWrongCalls(t *testing.T) {
	for _, test := range []struct {
		name string
		args string
		env  map[string]string
		says string
	}{
		{name: "a flag that is nearly right is the default command's",
			args: "--opne", says: "serve has no flag --opne; did you mean --open?"},
		{name: "a flag like no other",
			args: "--xyzzy", says: "serve has no flag --xyzzy; wsinspect serve --help lists them"},
		{name: "a flag of a command",
			args: "explain --jsn", says: "explain has no flag --jsn; did you mean --json?"},
		{name: "a flag without its value",
			args: "--listen", says: "--listen needs a value; wsinspect serve --help says which"},
		{name: "a number that is none",
			args: "--keep many", says: `--keep cannot be "many": it takes a number, such as 500`},
		{name: "a duration without its unit",
			args: "healthcheck --timeout 5", says: `--timeout cannot be "5": it takes a duration, such as 500ms, 20s or 1h`},
		{name: "a switch that is neither on nor off",
			args: "--open=maybe", says: `--open cannot be "maybe": it takes true or false`},
		{name: "a variable of the environment that its flag cannot take",
			env: map[string]string{"WSINSPECT_KEEP": "many"}, says: `WSINSPECT_KEEP cannot be "many": it takes a number, such as 500`},
		{name: "a command that is nearly right",
			args: "explian origin", says: `there is no command "explian"; did you mean explain?`},
		{name: "a command like no other",
			args: "frobnicate", says: `there is no command "frobnicate"; wsinspect --help lists them`},
		{name: "a command behind a flag of another",
			args: "--open version", says: "a command stands first: wsinspect version"},
		{name: "help for what is no command",
			args: "help explian", says: `there is no command "explian"; did you mean explain?`},
		{name: "an argument where there is none",
			args: "version 2", says: `version takes no "2"; wsinspect version --help says what it takes`},
		{name: "a shell that is unknown",
			args: "completion tcsh", says: `completion takes no "tcsh"; wsinspect completion --help says what it takes`},
		{name: "two addresses",
			args: "healthcheck a b", says: "healthcheck takes one address; wsinspect healthcheck --help shows how to write it"},
		{name: "an address that is none",
			args: "healthcheck localhost", says: `"localhost" is no address of a service; write http://localhost:8080/readyz or unix:/path`},
		{name: "a socket without its path",
			args: "healthcheck unix:ws.sock", says: `"unix:ws.sock" has no absolute path; write unix:/run/wsinspect.sock`},
		{name: "a check that is nearly right",
			args: "explain method-got", says: `explain knows no "method-got"; did you mean method-get?`},
		{name: "a cause that is nearly right",
			args: "explain upgrade-not-confgured", says: `explain knows no "upgrade-not-confgured"; did you mean upgrade-not-configured?`},
		{name: "a path that is none",
			args: "--expect-path ws", says: `--expect-path "ws": write the path alone, from its slash on, such as /ws`},
		{name: "a path with a query",
			env: map[string]string{"WSINSPECT_EXPECT_PATH": "/ws,/chat?room=1"}, says: `--expect-path "/chat?room=1": write the path alone, from its slash on, such as /ws`},
		{name: "a certificate without its key",
			args: "--tls-cert cert.pem", says: "--tls-cert and --tls-key go together: the one is nothing without the other"},
		{name: "a part of the names of checks",
			args: "explain origin", says: `explain knows no "origin"; did you mean origin-same-host or origin-present or origin-readable?`},
		{name: "a text that nobody says",
			args: "explain the dog ate it", says: `explain knows no "the dog ate it"; wsinspect explain lists what it knows`},
		{name: "control bytes are shown and not sent to the terminal",
			args: "--\x1b[2J", says: `serve has no flag --\x1b[2J; wsinspect serve --help lists them`},
		{name: "nor are those in a value",
			args: "--keep \x1b[2J", says: `--keep cannot be "\x1b[2J": it takes a number, such as 500`},
		{name: "nor are those that are quoted already escaped twice",
			args: "explain \x1b[2J", says: `explain knows no "\x1b[2J"; wsinspect explain lists what it knows`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, test.env, strings.Fields(test.args)...)
			if want := (outcome{exitWrong, "", "wsinspect: " + test.says + "\n"}); got != want {
				t.Errorf("wsinspect %s\n got %+v\nwant %+v", test.args, got, want)
			}
		})
	}
}

// Help is an answer, not a complaint: it goes to standard output, with exit code 0, and
// fits a terminal of 80 columns. Its words are golden files.
func TestUsage(t *testing.T) {
	for name, args := range map[string]string{
		"wsinspect":   "--help",
		"serve":       "serve --help",
		"probe":       "probe --help",
		"lint":        "lint --help",
		"explain":     "explain --help",
		"healthcheck": "healthcheck --help",
		"version":     "version --help",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := call(t, nil, strings.Fields(args)...)
			if got.code != exitOK || got.stderr != "" {
				t.Errorf("got exit code %d and stderr %q", got.code, got.stderr)
			}
			for line := range strings.Lines(got.stdout) {
				if len(line) > 81 {
					t.Errorf("a line is longer than 80 columns: %s", line)
				}
			}
			golden(t, filepath.Join("testdata", "usage", name+".txt"), got.stdout)
		})
	}
	t.Run("every spelling of a question gets one answer", func(t *testing.T) {
		for _, same := range [][]string{
			{"--help", "-h", "help", "h"},
			{"serve --help", "help serve", "--open --help", "serve -h --listen :80"},
		} {
			want := call(t, nil, strings.Fields(same[0])...)
			for _, args := range same[1:] {
				if got := call(t, nil, strings.Fields(args)...); got != want {
					t.Errorf("wsinspect %s: got %+v, want that of %s", args, got, same[0])
				}
			}
		}
	})
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is another; go test ./cmd/wsinspect -update writes it anew\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// What the shells' scripts ask for, and what they get.
func TestCompletion(t *testing.T) {
	for _, test := range []struct {
		name, typed string
		offered     []string
		withheld    []string
	}{
		{"commands", "", []string{"serve:", "explain:", "healthcheck:", "version:", "completion:"}, []string{"--"}},
		{"flags of the default command", "--al", []string{"--allow-origin:", "--allowed-host:"}, []string{"--listen", "serve:"}},
		{"flags after flags", "--open --l", []string{"--listen:", "--log:"}, []string{"--open"}},
		{"flags of a command", "healthcheck --t", []string{"--timeout:"}, []string{"--listen"}},
		{"checks and causes", "explain", []string{"origin-same-host:", "upgrade-not-configured:"}, []string{"serve:"}},
		{"flags of explain", "explain --j", []string{"--json:"}, []string{"origin-same-host:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, nil, append(strings.Fields(test.typed), "--generate-shell-completion")...)
			if got.code != exitOK || got.stderr != "" {
				t.Fatalf("got %+v", got)
			}
			for _, word := range test.offered {
				if !strings.Contains("\n"+got.stdout, "\n"+word) {
					t.Errorf("%s is not offered in:\n%s", word, got.stdout)
				}
			}
			for _, word := range test.withheld {
				if strings.Contains("\n"+got.stdout, "\n"+word) {
					t.Errorf("%s is offered in:\n%s", word, got.stdout)
				}
			}
		})
	}
	t.Run("bash reads its script", func(t *testing.T) {
		t.Parallel()
		script := call(t, nil, "completion", "bash")
		check := exec.Command("bash", "-n")
		check.Stdin = strings.NewReader(script.stdout)
		if out, err := check.CombinedOutput(); err != nil || script.code != exitOK || script.stdout == "" {
			t.Errorf("exit code %d, bash: %v: %s", script.code, err, out)
		}
	})
}

// Bold is for a terminal whose owner did not ask for plain text.
func TestWantsBold(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := func(pairs ...string) environment {
		return func(key string) (string, bool) {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == key {
					return pairs[i+1], true
				}
			}
			return "", false
		}
	}
	for _, test := range []struct {
		name string
		got  bool
		want bool
	}{
		{"a terminal", env("TERM", "xterm").wantsBold(terminal), true},
		{"a terminal, with NO_COLOR set to nothing", env("NO_COLOR", "").wantsBold(terminal), true},
		{"a terminal, with NO_COLOR", env("NO_COLOR", "1").wantsBold(terminal), false},
		{"a terminal that can do nothing", env("TERM", "dumb").wantsBold(terminal), false},
		{"a file", env().wantsBold(file), false},
		{"no file at all", env().wantsBold(new(bytes.Buffer)), false},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v", test.name, test.got)
		}
	}
}

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// serveCommand stands in the application's place. Flags go over environment variables,
// and these over the defaults.
func serveCommand(env environment) *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "judge, explain and echo in the application's place (default)",
		Description: "   wsinspect --open\n" +
			"       page and API without a token, for loopback names only\n" +
			"   wsinspect --listen 0.0.0.0:9000\n" +
			"       in place of an application on port 9000\n" +
			"   wsinspect --listen unix:/run/app.sock\n" +
			"       nginx: proxy_pass http://unix:/run/app.sock;\n" +
			"   wsinspect --allow-origin https://app.example.com --log attempts.jsonl\n" +
			"       allow what the application allows, and keep a log",
		Flags: serveFlags(env),
		Action: func(ctx context.Context, c *cli.Command) error {
			s, err := readSettings(c, env)
			if err != nil {
				return err
			}
			service, err := newService(s, thisBuild().Version, c.Root().ErrWriter)
			if err != nil {
				return err
			}
			ignoreBrokenLogs()
			return service.run(ctx)
		},
	}
}

// serveFlags is the one table of what serve can be told; the README shows it, and a test
// holds the two together.
func serveFlags(env environment) []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "listen", Sources: env.source("WSINSPECT_LISTEN"), Value: []string{"127.0.0.1:8080", "[::1]:8080"},
			Usage: "where to listen: `ADDRESS` is host:port or unix:/path; repeatable"},
		&cli.StringFlag{Name: "socket-mode", Sources: env.source("WSINSPECT_SOCKET_MODE"), Value: "0660",
			Usage: "permissions of a unix socket, in octal"},
		&cli.StringFlag{Name: "tls-cert", Sources: env.source("WSINSPECT_TLS_CERT"), TakesFile: true,
			Usage: "speak TLS on every address, with the certificate in `FILE` (PEM, the chain behind it), for proxy_pass https://; SIGHUP reads it again"},
		&cli.StringFlag{Name: "tls-key", Sources: env.source("WSINSPECT_TLS_KEY"), TakesFile: true,
			Usage: "the private key of --tls-cert, in `FILE`"},
		&cli.BoolFlag{Name: "open", Sources: env.source("WSINSPECT_OPEN"),
			Usage: "show page and API without a token, but only under loopback names and --allowed-host"},
		&cli.StringFlag{Name: "token-file", Sources: env.source("WSINSPECT_TOKEN_FILE"), TakesFile: true,
			Usage: "read the token of page and API from `FILE`; WSINSPECT_TOKEN holds one itself; else a new one is printed at start"},
		&cli.StringSliceFlag{Name: "allowed-host", Sources: env.source("WSINSPECT_ALLOWED_HOST"),
			Usage: "with --open: a further `HOST` under which page and API may be asked for; repeatable"},
		&cli.StringSliceFlag{Name: "allow-origin", Sources: env.source("WSINSPECT_ALLOW_ORIGIN"),
			Usage: "an `ORIGIN` (scheme://host[:port]) whose pages may open a WebSocket; repeatable; * allows any"},
		&cli.StringSliceFlag{Name: "expect-path", Sources: env.source("WSINSPECT_EXPECT_PATH"),
			Usage: "a `PATH` that the application serves, such as /ws, so that a changed path can be named as the cause; repeatable"},
		&cli.StringFlag{Name: "nginx-conf", Sources: env.source("WSINSPECT_NGINX_CONF"), TakesFile: true,
			Usage: "the configuration of the nginx in front, in `FILE`, or what nginx -T says, as evidence; SIGHUP reads it again"},
		&cli.StringFlag{Name: "nginx-version", Sources: env.source("WSINSPECT_NGINX_VERSION"),
			Usage: "the `VERSION` of that nginx, as nginx -v says it"},
		&cli.StringSliceFlag{Name: "subprotocol", Sources: env.source("WSINSPECT_SUBPROTOCOL"),
			Usage: "a subprotocol `NAME` that is spoken, most wanted first; repeatable; without it the first one offered is chosen"},
		&cli.StringSliceFlag{Name: "trusted-proxy", Sources: env.source("WSINSPECT_TRUSTED_PROXY"), Value: []string{"127.0.0.0/8", "::1/128"},
			Usage: "the `CIDR` of proxies whose X-Forwarded-For and Forwarded are believed; repeatable"},
		&cli.StringFlag{Name: "faults", Sources: env.source("WSINSPECT_FAULTS"),
			Usage: "the `URL` of a demo server with known faults, which the page offers to open"},
		&cli.DurationFlag{Name: "ping-interval", Sources: env.source("WSINSPECT_PING_INTERVAL"),
			Usage: "ping every session this often; 0 never, because pings hide the idle cut that people look for"},
		sizeFlag(env, "max-head", "WSINSPECT_MAX_HEAD", 64<<10, "the longest request head, in bytes; a longer one is answered 431"),
		&cli.DurationFlag{Name: "head-timeout", Sources: env.source("WSINSPECT_HEAD_TIMEOUT"), Value: 10 * time.Second,
			Usage: "how long a request head may take"},
		&cli.IntFlag{Name: "max-connections", Sources: env.source("WSINSPECT_MAX_CONNECTIONS"), Value: 20000,
			Usage: "how many connections may be open; the next one is answered 503"},
		sizeFlag(env, "max-message", "WSINSPECT_MAX_MESSAGE", 64<<20, "the longest message, in bytes after decompression; a longer one closes with 1009"),
		&cli.DurationFlag{Name: "write-timeout", Sources: env.source("WSINSPECT_WRITE_TIMEOUT"), Value: 30 * time.Second,
			Usage: "how long one write may stall"},
		&cli.IntFlag{Name: "max-subscribers", Sources: env.source("WSINSPECT_MAX_SUBSCRIBERS"), Value: 64,
			Usage: "how many pages may be live at once"},
		&cli.IntFlag{Name: "keep", Sources: env.source("WSINSPECT_KEEP"), Value: 500,
			Usage: "how many attempts are remembered"},
		sizeFlag(env, "keep-bytes", "WSINSPECT_KEEP_BYTES", 16<<20, "how much memory the remembered attempts may take, in bytes"),
		&cli.StringFlag{Name: "log", Sources: env.source("WSINSPECT_LOG"), TakesFile: true,
			Usage: "append the attempts to `FILE` instead of standard output"},
		&cli.StringFlag{Name: "log-format", Sources: env.source("WSINSPECT_LOG_FORMAT"), Value: "auto",
			Usage: "json, text, or auto: text on a terminal, else json"},
		&cli.BoolFlag{Name: "reveal", Sources: env.source("WSINSPECT_REVEAL"),
			Usage: "store and show secrets as they arrive: cookies, tokens, credentials"},
		&cli.DurationFlag{Name: "shutdown-timeout", Sources: env.source("WSINSPECT_SHUTDOWN_TIMEOUT"), Value: 10 * time.Second,
			Usage: "how long the sessions may take to close when the program ends"},
	}
}

// readSettings checks what the flags say. A flag that makes no sense is a wrong call.
func readSettings(c *cli.Command, env environment) (settings, error) {
	s := settings{
		open:            c.Bool("open"),
		allowedHosts:    c.StringSlice("allowed-host"),
		pingInterval:    c.Duration("ping-interval"),
		maxHead:         int(sizeOf(c, "max-head")),
		headTimeout:     c.Duration("head-timeout"),
		maxConnections:  c.Int("max-connections"),
		maxMessage:      sizeOf(c, "max-message"),
		writeTimeout:    c.Duration("write-timeout"),
		maxSubscribers:  c.Int("max-subscribers"),
		keep:            c.Int("keep"),
		keepBytes:       sizeOf(c, "keep-bytes"),
		reveal:          c.Bool("reveal"),
		faults:          c.String("faults"),
		shutdownTimeout: c.Duration("shutdown-timeout"),
	}
	if err := checkBounds(&s); err != nil {
		return s, err
	}
	for _, read := range []func(*settings, *cli.Command) error{readListen, readCertificate, readPolicy, readExpected, readProxyConf, readTrust} {
		if err := read(&s, c); err != nil {
			return s, err
		}
	}
	if err := s.readToken(c.String("token-file"), env); err != nil {
		return s, err
	}
	return s, s.openLog(c.String("log"), c.String("log-format"), c.Root().Writer, c.Root().ErrWriter)
}

// originURL is an address with nothing behind its port. It becomes part of a header.
var originURL = regexp.MustCompile(`^https?://[0-9A-Za-z.:[\]-]+$`)

func checkBounds(s *settings) error {
	const leastHead = 8 << 10 // a browser's head with its cookies, and net/http's own slop
	switch {
	case s.maxHead < leastHead:
		return wrongFlag("max-head", s.maxHead, "8192 is the least")
	case s.headTimeout <= 0, s.writeTimeout <= 0:
		return wrongCall("--head-timeout and --write-timeout take a time above zero, such as 10s")
	case s.pingInterval < 0, s.shutdownTimeout < 0:
		return wrongCall("--ping-interval and --shutdown-timeout take 0 or a time such as 20s")
	case s.maxConnections < 1, s.keep < 1, s.maxSubscribers < 0:
		return wrongCall("--max-connections and --keep take a number from 1, --max-subscribers one from 0")
	case s.maxMessage < 1, s.keepBytes < 1<<20:
		return wrongCall("--max-message takes a size from 1, --keep-bytes one from 1MiB")
	case s.faults != "" && !originURL.MatchString(s.faults):
		return wrongFlag("faults", s.faults, "write the address alone, such as http://localhost:8081")
	case !s.open && len(s.allowedHosts) > 0:
		return wrongCall("--allowed-host goes with --open; with a token every Host is allowed")
	}
	return nil
}

func readListen(s *settings, c *cli.Command) error {
	mode, err := strconv.ParseUint(c.String("socket-mode"), 8, 32)
	if err != nil || mode > 0o777 {
		return wrongFlag("socket-mode", c.String("socket-mode"), "write three octal digits, such as 660")
	}
	s.socketMode = uint32(mode)
	if !c.IsSet("listen") {
		s.listen = defaultListen()
		return nil
	}
	for _, text := range c.StringSlice("listen") {
		a, err := parseAddress(text)
		if err != nil {
			return wrongFlag("listen", text, err.Error())
		}
		s.listen = append(s.listen, a)
	}
	return nil
}

func readCertificate(s *settings, c *cli.Command) (err error) {
	certFile, keyFile := c.String("tls-cert"), c.String("tls-key")
	switch {
	case certFile == "" && keyFile == "":
		return nil
	case certFile == "" || keyFile == "":
		return wrongCall("--tls-cert and --tls-key go together: the one is nothing without the other")
	}
	s.certificate, err = loadCertificate(certFile, keyFile)
	return err
}

func readPolicy(s *settings, c *cli.Command) error {
	policy, err := handshake.NewPolicy(c.StringSlice("allow-origin"), c.StringSlice("subprotocol"))
	if err != nil {
		return wrongCall(err.Error())
	}
	s.policy = policy
	return nil
}

func readExpected(s *settings, c *cli.Command) error {
	s.expect = c.StringSlice("expect-path")
	for _, path := range s.expect {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?# ") {
			return wrongFlag("expect-path", strconv.Quote(path), "write the path alone, from its slash on, such as /ws")
		}
	}
	return nil
}

func readProxyConf(s *settings, c *cli.Command) (err error) {
	if file := c.String("nginx-conf"); file != "" {
		s.proxyConf, err = newProxyConf(file, c.String("nginx-version"))
	}
	return err
}

func readTrust(s *settings, c *cli.Command) error {
	for _, text := range c.StringSlice("trusted-proxy") {
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return wrongFlag("trusted-proxy", text, "write an address or a network, such as 10.0.0.0/8")
		}
		s.trustedProxies = append(s.trustedProxies, prefix.Masked())
	}
	return nil
}

// readToken takes the token from the file, from the environment, or makes one.
func (s *settings) readToken(file string, env environment) error {
	fromEnv, _ := env("WSINSPECT_TOKEN")
	switch {
	case s.open && (file != "" || fromEnv != ""):
		return wrongCall("--open shows page and API without a token, yet one is set; leave one of the two out")
	case s.open:
		return nil
	case file != "":
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read the token: %w", err)
		}
		s.token = strings.TrimSpace(string(text))
	case fromEnv != "":
		s.token = fromEnv
	default:
		s.token = rand.Text()
	}
	const least = 16
	if len(s.token) < least {
		return wrongCall(fmt.Sprintf("the token has %d characters; %d are the least, for it is all that guards the page", len(s.token), least))
	}
	return nil
}

func (s *settings) openLog(file, format string, stdout, stderr io.Writer) error {
	parsed, err := journal.ParseFormat(format)
	if err != nil {
		return wrongFlag("log-format", format, "write json, text or auto")
	}
	out := stdout
	if file != "" {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open the log: %w", err)
		}
		out = f
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	s.log = journal.NewLog(out, journal.LogOptions{Format: parsed, Report: func(err error) {
		logger.Warn("the log of the attempts", "error", err)
	}})
	return nil
}

func wrongFlag(name string, value any, instead string) error {
	return wrongCall(fmt.Sprintf("--%s %v: %s", name, value, instead))
}

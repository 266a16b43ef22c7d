package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"wsinspect/internal/probe"
)

// probeCommand is the other end: it opens a WebSocket through the proxy.
func probeCommand(env environment) *cli.Command {
	return &cli.Command{
		Name:                      "probe",
		Usage:                     "open a WebSocket as browsers do, and say what the way did",
		ArgsUsage:                 "URL",
		DisableSliceFlagSeparator: true, // header lines have commas
		Description: "It sends a handshake whose bytes it knows, shows each step with its time, and\n" +
			"closes in order. Where the backend is wsinspect, it asks there what arrived and\n" +
			"says what the proxies did to each line. The exit code is 0 if all is well and 1\n" +
			"if a fault was found:\n\n" +
			"   wsinspect probe ws://localhost:8081/ws/\n" +
			"   wsinspect probe wss://example.com/ws --inspect http://localhost:8080\n" +
			"       wsinspect stands behind the proxy, and its page is not reached through it\n" +
			"   wsinspect probe wss://example.com/ws --idle 90s\n" +
			"       find out after what silence the way cuts a session",
		Flags: probeFlags(env),
		Action: func(ctx context.Context, c *cli.Command) error {
			o, err := readProbe(c, env)
			if err != nil {
				return err
			}
			return newInquiry(c, env).run(ctx, o)
		},
	}
}

func probeFlags(env environment) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from-browser", Value: probe.Chrome.String(),
			Usage: "whose handshake is sent: `BROWSER` is chrome, firefox, safari or none"},
		&cli.StringFlag{Name: "origin",
			Usage: "the `ORIGIN` of the page that opens the socket; without it that of URL; none sends no Origin"},
		&cli.StringFlag{Name: "host", Usage: "the value of the `HOST` line, in place of what the URL says"},
		&cli.StringSliceFlag{Name: "header",
			Usage: "a `LINE` 'Name: value' to send in place of the browser's of that name, or besides; repeatable"},
		&cli.StringSliceFlag{Name: "subprotocol", Usage: "a subprotocol `NAME` to offer, most wanted first; repeatable"},
		&cli.IntFlag{Name: "cookie-bytes", Usage: "send a made-up Cookie line of this length; 0 none"},
		&cli.StringSliceFlag{Name: "resolve",
			Usage: "connect to another address than the resolver says: `HOST:PORT:ADDRESS`; repeatable"},
		&cli.StringFlag{Name: "ca", TakesFile: true, Usage: "believe the certificates in `FILE` (PEM), and no others"},
		&cli.BoolFlag{Name: "insecure", Usage: "take any certificate"},
		&cli.BoolFlag{Name: "proxy-from-env", Usage: "go through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name"},
		&cli.BoolFlag{Name: "follow", Usage: "follow redirects, which no browser does in a handshake; ten at most"},
		&cli.DurationFlag{Name: "timeout", Value: 10 * time.Second, Usage: "how long each step may take"},
		&cli.DurationFlag{Name: "idle", Usage: "watch silent and pinged sockets for this long, such as 90s, to find what cuts them; 0 not"},
		sizeFlag(env, "size", "", 1<<20, "the longest message that is sent, in bytes"),
		&cli.StringFlag{Name: "inspect", Usage: "where wsinspect's page is: `URL` with /inspect or without; otherwise looked for at the probed address"},
		&cli.StringFlag{Name: "token", Sources: env.source("WSINSPECT_TOKEN"), Usage: "the token of that page"},
		&cli.StringSliceFlag{Name: "expect-path", Usage: "a `PATH` that the application serves, so that a changed path can be named as the cause; repeatable"},
		&cli.StringFlag{Name: "nginx-conf", TakesFile: true,
			Usage: "the configuration of the nginx on the way, in `FILE`, or what nginx -T says (- reads that from standard input), as evidence"},
		&cli.StringFlag{Name: "nginx-version", Usage: "the `VERSION` of that nginx, as nginx -v says it"},
		&cli.BoolFlag{Name: "nonce", Usage: "put a nonce into the query, so that wsinspect finds a request whose Sec-WebSocket-Key was lost on the way"},
		jsonFlag(),
		&cli.BoolFlag{Name: "markdown", Usage: "answer with a report in Markdown, to be pasted into a ticket"},
	}
}

// readProbe reads the address and the flags.
func readProbe(c *cli.Command, env environment) (*probe.Options, error) {
	if c.NArg() != 1 {
		return nil, wrongCall("probe takes one address, such as ws://localhost:8080/ws; flags stand before or behind it")
	}
	target, err := probe.ParseTarget(c.Args().First())
	if err != nil {
		return nil, wrongCall(err.Error())
	}
	o := &probe.Options{
		Target: target, Origin: c.String("origin"), Host: c.String("host"), Subprotocols: c.StringSlice("subprotocol"),
		CookieBytes: int(c.Int("cookie-bytes")), Insecure: c.Bool("insecure"), Follow: c.Bool("follow"),
		Expect: c.StringSlice("expect-path"), Timeout: c.Duration("timeout"), Idle: c.Duration("idle"), Size: int(sizeOf(c, "size")), Token: c.String("token"),
	}
	switch {
	case c.Bool("json") && c.Bool("markdown"):
		return nil, wrongCall("--json and --markdown are two answers; ask for one")
	case o.Timeout < time.Millisecond:
		return nil, wrongCall("--timeout takes a time of 1ms or more, such as 10s")
	case o.Idle < 0:
		return nil, wrongCall("--idle takes 0 or a time such as 90s")
	}
	if o.Browser, err = probe.ParseBrowser(c.String("from-browser")); err != nil {
		return nil, wrongCall("--from-browser: " + err.Error())
	}
	for _, line := range c.StringSlice("header") {
		h, err := probe.ParseHeader(line)
		if err != nil {
			return nil, wrongCall("--header: " + err.Error())
		}
		o.Headers = append(o.Headers, h)
	}
	if err := readProbeWay(o, c); err != nil {
		return nil, err
	}
	if file := c.String("nginx-conf"); file != "" {
		conf, err := readNginxConf(file, c.Root().Reader, c.String("nginx-version"))
		if err != nil {
			return nil, err
		}
		o.Config = conf.OfClient
	}
	return o, nil
}

// readProbeWay reads the flags that say how to get there and whom to ask.
func readProbeWay(o *probe.Options, c *cli.Command) error {
	for _, text := range c.StringSlice("resolve") {
		if err := addResolved(o, text); err != nil {
			return wrongFlag("resolve", fmt.Sprintf("%q", text), err.Error())
		}
	}
	if file := c.String("ca"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read the certificates: %w", err)
		}
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(text) {
			return wrongFlag("ca", file, "it holds no certificate in PEM")
		}
	}
	if c.Bool("proxy-from-env") {
		o.Proxy = http.ProxyFromEnvironment
	}
	if text := c.String("inspect"); text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return wrongFlag("inspect", fmt.Sprintf("%q", text), "write the address of wsinspect, such as http://localhost:8080")
		}
		o.Inspect = u
	}
	if c.Bool("nonce") {
		o.Nonce = rand.Text()
	}
	return nil
}

// addResolved reads HOST:PORT:ADDRESS. Host and address may be IPv6 in brackets.
func addResolved(o *probe.Options, text string) error {
	bad := errors.New("write host:port:address, such as example.com:443:127.0.0.1")
	host, rest, ok := strings.Cut(text, ":")
	if after, bracketed := strings.CutPrefix(text, "["); bracketed {
		if host, rest, ok = strings.Cut(after, "]:"); ok {
			host = "[" + host + "]"
		}
	}
	port, address, ok2 := strings.Cut(rest, ":")
	addr, err := netip.ParseAddr(strings.Trim(address, "[]"))
	if !ok || !ok2 || host == "" || err != nil {
		return bad
	}
	t, err := probe.ParseTarget("ws://" + host + ":" + port)
	if err != nil {
		return bad
	}
	if o.Resolve == nil {
		o.Resolve = make(map[string]netip.Addr)
	}
	o.Resolve[t.Address()] = addr
	return nil
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/echo"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
	"wsinspect/web"
)

// settings are what the flags of serve say, checked.
type settings struct {
	listen     []address
	socketMode uint32

	certificate *certificate // nil: the ports speak plain HTTP

	token        string // empty with open
	open         bool
	allowedHosts []string

	policy         *handshake.Policy
	expect         []string   // paths that the application serves
	proxyConf      *proxyConf // the configuration of the nginx in front; nil: not told
	trustedProxies []netip.Prefix
	pingInterval   time.Duration

	maxHead         int
	headTimeout     time.Duration
	maxConnections  int
	maxMessage      int64
	writeTimeout    time.Duration
	maxSubscribers  int
	keep            int
	keepBytes       int64
	shutdownTimeout time.Duration

	log    *journal.Log
	reveal bool
	faults string // the address of a demo server; empty: none
}

// service is the running program: its listeners, its server and what stands behind them.
type service struct {
	settings
	version   string
	logger    *slog.Logger // what the program says about itself
	stderr    io.Writer
	listeners []net.Listener
	server    *http.Server
	echo      *echo.Handler
	ready     atomic.Bool
	ballast   []byte
	// ending is cancelled when the shutdown begins, so that live feeds let go.
	ending context.Context
	end    context.CancelFunc
}

// newService opens the listeners and wires the parts: bytes, verdict, echo, journal, page.
func newService(s settings, version string, stderr io.Writer) (*service, error) {
	v := &service{
		settings: s,
		ballast:  make([]byte, ballast),
		version:  version,
		stderr:   stderr,
		logger:   slog.New(slog.NewTextHandler(stderr, nil)),
	}
	started := time.Now()
	listeners, err := listenAll(s.listen, s.socketMode, v.logger)
	if err != nil {
		return nil, err
	}
	v.ending, v.end = context.WithCancel(context.Background())

	var secured *tls.Config
	if s.certificate != nil {
		secured = s.certificate.config()
	}
	failures := &unsecured{logger: v.logger}
	limit := dump.NewLimit(s.maxConnections)
	attempts := journal.New(journal.Options{
		Keep: s.keep, KeepBytes: s.keepBytes,
		MaxSubscribers: s.maxSubscribers,
		Log:            s.log,
		Expect:         s.expect,
		Config:         s.proxyConf.lookUp(),
		Trusted:        s.trustedProxies,
		Connections:    limit.Open,
		Shed:           limit.Shed,
		Exhausted:      limit.Exhausted,
		Unsecured:      failures.count.Load,
		Traffic:        func() (received, sent journal.Traffic) { return v.echo.Traffic() },
		Version:        version,
	})
	v.echo = echo.New(echo.Options{
		Journal: attempts, Masker: dump.NewMasker(s.reveal), Policy: s.policy,
		MaxMessage: s.maxMessage, WriteTimeout: s.writeTimeout, PingInterval: s.pingInterval,
		Errors: func(err error) { v.logger.Warn("answering", "error", err) },
	})
	for _, l := range listeners {
		v.listeners = append(v.listeners, dump.NewListener(l, dump.Options{
			MaxHead: s.maxHead, Limit: limit, Refused: v.echo.Refused,
			Take: v.echo.Take, HeadTimeout: s.headTimeout,
			TLS: secured, Unsecured: failures.failed,
		}))
	}
	page := web.New(web.Options{
		Journal: attempts, Policy: s.policy, Token: s.token, AllowedHosts: s.allowedHosts,
		Listening: v.addresses(), Started: started, Version: version, Revealed: s.reveal, Faults: s.faults,
	})
	v.server = &http.Server{
		Handler:                      v.routes(page, attempts.Handler()),
		ConnContext:                  dump.ConnContext,
		BaseContext:                  func(net.Listener) context.Context { return v.ending },
		ReadHeaderTimeout:            s.headTimeout,
		MaxHeaderBytes:               s.maxHead - netHTTPSlop,
		DisableGeneralOptionsHandler: true, // OPTIONS * is a plain request like any other
		Protocols:                    http1Only(),
		ErrorLog:                     slog.NewLogLogger(v.logger.Handler(), slog.LevelWarn),
	}
	return v, nil
}

// ballast is memory that is never touched, so it takes no room but in the collector's sums:
// the next collection comes when the heap has doubled, and a small service doubles its few
// megabytes dozens of times a second under load. With it, collections are five times rarer,
// and a handshake costs a sixth less.
const ballast = 16 << 20

// netHTTPSlop is what net/http reads beyond MaxHeaderBytes before it answers 431.
const netHTTPSlop = 4096

func http1Only() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// run serves until ctx ends, then closes every session with 1001 and drains within the
// shutdown timeout.
func (v *service) run(ctx context.Context) error {
	hangup := make(chan os.Signal, 1) // before anybody is told that it runs: one that nobody takes would end it
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	failed := make(chan error, len(v.listeners))
	for _, l := range v.listeners {
		go func() { failed <- v.server.Serve(l) }()
	}
	v.ready.Store(true)
	v.greet()

	for {
		select {
		case <-hangup:
			v.renew()
		case <-ctx.Done():
			v.shutdown()
			return nil
		case err := <-failed:
			v.shutdown()
			return fmt.Errorf("serve: %w", err)
		}
	}
}

// renew reads anew what others have replaced: logrotate the log, whoever renews it the
// certificate, and whoever cures it the configuration of nginx.
func (v *service) renew() {
	if err := v.log.Reopen(); err != nil {
		v.logger.Warn("the log goes on in the old file", "error", err)
	}
	if err := v.proxyConf.renew(); err != nil {
		v.logger.Warn("the old configuration of nginx stays evidence", "error", err)
	} else if v.proxyConf != nil {
		v.logger.Info("the configuration of nginx was read again", "file", v.proxyConf.file)
	}
	if v.certificate == nil {
		return
	}
	if err := v.certificate.reload(); err != nil {
		v.logger.Warn("the old certificate stays", "error", err)
		return
	}
	v.logger.Info("the certificate was read again")
}

func (v *service) shutdown() {
	v.ready.Store(false)
	open := v.echo.Sessions()
	v.logger.Info("shutting down", "open sessions", open, "within", v.shutdownTimeout)
	ctx, cancel := context.WithTimeout(context.Background(), v.shutdownTimeout)
	defer cancel()

	v.end()
	stopped := make(chan error, 1)
	go func() { stopped <- v.server.Shutdown(ctx) }()
	drained := v.echo.Shutdown(ctx)
	if err := errors.Join(<-stopped, drained); err != nil {
		v.logger.Warn("some connections did not end in time and were cut", "error", err)
		v.server.Close()
	}
	v.log.Close()
}

// addresses returns where it listens, as a person would type it.
func (v *service) addresses() []string {
	all := make([]string, len(v.listeners))
	for i, l := range v.listeners {
		if a := l.Addr(); a.Network() == "unix" {
			all[i] = "unix:" + a.String()
		} else {
			all[i] = v.scheme() + "://" + a.String()
		}
	}
	return all
}

func (v *service) scheme() string {
	if v.certificate != nil {
		return "https"
	}
	return "http"
}

// greet prints, once, where it listens and what to open or type.
func (v *service) greet() {
	var text strings.Builder
	for _, a := range v.addresses() {
		fmt.Fprintf(&text, "listening on %s\n", a)
	}
	if base, ok := v.baseURL(); ok {
		if v.open {
			fmt.Fprintf(&text, "open         %s/inspect\n", base)
			fmt.Fprintf(&text, "or type      curl -s %s/inspect/latest\n", base)
		} else {
			fmt.Fprintf(&text, "open         %s\n", web.Address(base, v.token))
			fmt.Fprintf(&text, "or type      curl -s -H 'Authorization: Bearer %s' %s/inspect/latest\n", v.token, base)
		}
	} else if !v.open {
		fmt.Fprintf(&text, "the page's token is %s\n", v.token)
	}
	io.WriteString(v.stderr, text.String())
}

// baseURL returns the address of the page on the first TCP listener; by name where that
// is loopback, since that is what people type.
func (v *service) baseURL() (string, bool) {
	for _, l := range v.listeners {
		tcp, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			continue
		}
		host := tcp.IP.String()
		if tcp.IP.IsLoopback() || tcp.IP.IsUnspecified() {
			host = "localhost"
		}
		return v.scheme() + "://" + net.JoinHostPort(host, fmt.Sprint(tcp.Port)), true
	}
	return "", false
}

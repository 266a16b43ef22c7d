package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

const defaultReadyz = "http://localhost:8080/readyz"

func healthcheckCommand() *cli.Command {
	return &cli.Command{
		Name:      "healthcheck",
		Usage:     "ask a running service whether it is ready",
		ArgsUsage: "[URL | unix:/path]",
		Description: "The exit code is 0 if it is and 1 if not, for a container's HEALTHCHECK and for\n" +
			"scripts. Without an address it asks " + defaultReadyz + ";\n" +
			"with unix:/path it asks /readyz over that socket. The certificate of\n" +
			"https://localhost is not looked at.",
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "timeout", Usage: "give up after this long", Value: 5 * time.Second},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.NArg() > 1 {
				return wrongCall("healthcheck takes one address; wsinspect healthcheck --help shows how to write it")
			}
			target := defaultReadyz
			if c.NArg() == 1 {
				target = c.Args().First()
			}
			p, err := newPatient(target)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, c.Duration("timeout"))
			defer cancel()
			return p.examine(ctx, c.Root().Writer)
		},
	}
}

// patient is the service that a health check asks.
type patient struct {
	name   string // as the caller wrote it
	url    string
	client *http.Client
}

// newPatient reads an address: an http or https URL, or unix:/path.
func newPatient(target string) (*patient, error) {
	transport := &http.Transport{DisableKeepAlives: true} // and no Proxy: the answer must be the service's own
	p := &patient{name: target, url: target, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if path, ok := strings.CutPrefix(target, "unix:"); ok {
		if !strings.HasPrefix(path, "/") {
			return nil, wrongCall(fmt.Sprintf("%q has no absolute path; write unix:/run/wsinspect.sock", target))
		}
		p.url = "http://localhost/readyz"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
		return p, nil
	}
	u, err := url.Parse(target)
	if err == nil && u.Scheme == "https" && isLoopback(u.Hostname()) {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // nobody signs for localhost, and nobody is in between
	}
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, wrongCall(fmt.Sprintf("%q is no address of a service; write %s or unix:/path", target, defaultReadyz))
	}
	return p, nil
}

// isLoopback reports whether a host is this machine, by its name or by its address.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// examine asks once and says what answered. An answer that is not 200 OK is an error.
func (p *patient) examine(ctx context.Context, stdout io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return fmt.Errorf("cannot ask %s: %w", p.name, err)
	}
	start := time.Now()
	resp, err := p.client.Do(req)
	if err != nil {
		if uerr, ok := err.(*url.Error); ok {
			err = uerr.Err // the address is in our own words already
		}
		return fmt.Errorf("%s did not answer: %w", p.name, err)
	}
	defer resp.Body.Close()
	const enough = 200 // bytes of a body that is a word, or else somebody else's page
	body, err := io.ReadAll(io.LimitReader(resp.Body, enough))
	if err != nil {
		return fmt.Errorf("%s answered %q and broke off: %w", p.name, resp.Status, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not ready: it answered %q: %q", p.name, resp.Status, strings.TrimSpace(string(body)))
	}
	_, err = fmt.Fprintf(stdout, "%s answered %q in %v\n", p.name, resp.Status, time.Since(start).Round(time.Millisecond))
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/urfave/cli/v3"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/lint"
	"wsinspect/internal/probe"
)

// errFindings is what a lint returns that has found a fault: it has said so already.
var errFindings = errors.New("the configuration has a fault")

func lintCommand(env environment) *cli.Command {
	return &cli.Command{
		Name:      "lint",
		Usage:     "say what a configuration of nginx does to a WebSocket",
		ArgsUsage: "FILE | -",
		Description: "It reads a configuration with all that it includes, or the output of nginx -T,\n" +
			"and answers as nginx would: which server and which location serve the socket,\n" +
			"what they send to the backend, and what is wrong with it, with file, line and a\n" +
			"diff that cures. The exit code is 0 if nothing is and 1 if something is:\n\n" +
			"   wsinspect lint --uri /ws/ --host app.example.com /etc/nginx/nginx.conf\n" +
			"   nginx -T | wsinspect lint -\n" +
			"       every location that passes requests on, and which can carry a WebSocket\n" +
			"   nginx -T | wsinspect lint --attempt latest -\n" +
			"       the configuration as evidence for what a running wsinspect has seen",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "uri", Usage: "the `PATH` that the client opens, such as /ws/; without it every location that proxies"},
			&cli.StringFlag{Name: "host", Usage: "the `NAME` that the client asks for, with its port unless that is 80 or 443"},
			&cli.StringFlag{Name: "nginx-version", Usage: "the `VERSION` as nginx -v says it; without it both the defaults before 1.29.7 and those from then on"},
			&cli.StringSliceFlag{Name: "expect-path", Usage: "a `PATH` that the application serves; repeatable"},
			&cli.StringFlag{Name: "attempt", Usage: "the `ID` of an attempt that a running wsinspect has seen, or latest"},
			&cli.StringFlag{Name: "inspect", Value: "http://localhost:8080", Usage: "where that wsinspect is: `URL` with /inspect or without"},
			&cli.StringFlag{Name: "token", Sources: env.source("WSINSPECT_TOKEN"), Usage: "the token of that page"},
			jsonFlag(),
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			report, err := lintReport(ctx, c)
			if err != nil {
				return err
			}
			out := c.Root().Writer
			if c.Bool("json") {
				err = writeLintJSON(out, report)
			} else {
				_, err = out.Write(linting{report}.appendText(nil, explanation{bold: env.wantsBold(out)}))
			}
			if err == nil && report.Faulty() {
				return errFindings
			}
			return err
		},
	}
}

// lintReport reads the flags and the configuration, and looks at it.
func lintReport(ctx context.Context, c *cli.Command) (*lint.Report, error) {
	if c.NArg() != 1 {
		return nil, wrongCall("lint takes one file, such as /etc/nginx/nginx.conf, or - for the output of nginx -T")
	}
	q := &lint.Question{URI: c.String("uri"), Host: c.String("host"), Expect: c.StringSlice("expect-path")}
	if q.URI != "" && !strings.HasPrefix(q.URI, "/") {
		return nil, wrongFlag("uri", fmt.Sprintf("%q", q.URI), "write the path that the client opens, such as /ws/")
	}
	conf, err := readNginxConf(c.Args().First(), c.Root().Reader, c.String("nginx-version"))
	if err != nil {
		return nil, err
	}
	id := c.String("attempt")
	if id == "" {
		return conf.Lint(q), nil
	}
	inspect, err := url.Parse(c.String("inspect"))
	if err != nil || inspect.Host == "" {
		return nil, wrongFlag("inspect", fmt.Sprintf("%q", c.String("inspect")), "write the address of wsinspect, such as http://localhost:8080")
	}
	a, err := probe.Attempt(ctx, inspect, c.String("token"), id)
	if err != nil {
		return nil, err
	}
	return conf.LintAttempt(q, &diagnosis.Evidence{Request: a.Request, Verdict: a.Verdict, Session: a.Session}), nil
}

package main

import (
	"sync/atomic"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/lint"
)

// proxyConf is the configuration of the nginx in front of the service, as its file said when
// it was last read.
type proxyConf struct {
	file, version string
	current       atomic.Pointer[lint.Conf]
}

func newProxyConf(file, version string) (*proxyConf, error) {
	p := &proxyConf{file: file, version: version}
	return p, p.renew()
}

// renew reads the file again. Where that fails, what it said before goes on to count.
func (p *proxyConf) renew() error {
	if p == nil {
		return nil
	}
	n, err := readNginxConf(p.file, nil, p.version)
	if err != nil {
		return err
	}
	p.current.Store(n)
	return nil
}

// lookUp returns what says of a request what the configuration does with it; nil where there
// is none.
func (p *proxyConf) lookUp() func(*dump.Request) *diagnosis.Config {
	if p == nil {
		return nil
	}
	return func(r *dump.Request) *diagnosis.Config { return p.current.Load().OfArrival(r) }
}

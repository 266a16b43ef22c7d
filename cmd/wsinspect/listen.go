package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
)

// address is one --listen: host:port, or unix:/path.
type address struct {
	network, addr string
	optional      bool // passed over, with a line in the log, where the machine lacks it
}

// defaultListen is port 8080 on both loopbacks, because nginx's "proxy_pass
// http://localhost:8080" tries both.
func defaultListen() []address {
	return []address{
		{network: "tcp", addr: "127.0.0.1:8080"},
		{network: "tcp", addr: "[::1]:8080", optional: true},
	}
}

// parseAddress reads one --listen.
func parseAddress(s string) (address, error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if path == "" {
			return address{}, errors.New("write the socket's path behind it: unix:/run/wsinspect.sock")
		}
		return address{network: "unix", addr: path}, nil
	}
	if _, _, err := net.SplitHostPort(s); err != nil {
		return address{}, errors.New("write host:port, such as 127.0.0.1:8080, [::1]:8080 or :8080, or unix:/path")
	}
	return address{network: "tcp", addr: s}, nil
}

// listenAll opens all of them, or none.
func listenAll(addresses []address, mode uint32, logger *slog.Logger) ([]net.Listener, error) {
	var all []net.Listener
	for _, a := range addresses {
		l, err := listen(a, mode)
		if err != nil && a.optional && !errors.Is(err, syscall.EADDRINUSE) {
			logger.Info("passed over a loopback address that this machine lacks", "address", a.addr, "error", err)
			continue
		}
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func listen(a address, mode uint32) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1, Control: inheritKeepAlive}
	if a.network == "unix" {
		if err := removeStale(a.addr); err != nil {
			return nil, err
		}
		config = net.ListenConfig{}
	}
	l, err := config.Listen(context.Background(), a.network, a.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: another program has this address; stop it, or choose another one with --listen", a.addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", a.addr, err)
	}
	if a.network == "unix" {
		if err := os.Chmod(a.addr, fs.FileMode(mode)); err != nil {
			l.Close()
			return nil, fmt.Errorf("set the mode of the socket %s: %w", a.addr, err)
		}
	}
	return l, nil
}

// removeStale removes a socket that a killed process has left. One that is answered is
// somebody's, and what is no socket is left alone.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the socket %s: %w", path, err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("listen on unix:%s: a file that is no socket has this name; remove it, or choose another path", path)
	}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return fmt.Errorf("listen on unix:%s: another program answers there; stop it, or choose another path", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the socket that an ended program has left: %w", err)
	}
	return nil
}

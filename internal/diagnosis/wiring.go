package diagnosis

import (
	"slices"
	"strings"
)

// wiring is what a known configuration of nginx does with Upgrade and Connection.
type wiring struct {
	*Config
	asks                bool       // the request, if one is there, is a WebSocket client's
	arrived             bool       // and its Upgrade arrived all the same
	block               string     // the block that serves it, at the beginning of a sentence
	upgrade, connection *Directive // nil: not set
	version             string     // of proxy_http_version; empty: not set
}

// configures reports whether the configuration next to the backend is known, so that the
// bytes need not be asked who did it. One that passes nothing on has another fault.
func (r *reading) configures() bool {
	return r.Config != nil && r.Config.Error == "" && (r.Request != nil || r.Config.passes())
}

// wiring reads the configuration. It is asked for only where configures.
func (r *reading) wiring() wiring {
	w := wiring{
		Config:  r.Config,
		asks:    r.Request == nil || r.asked(),
		arrived: r.has(upgrade),
		block:   "The server",
	}
	if r.Config.Location != "" {
		w.block = "The block " + r.Config.Location
	}
	if all := r.Config.sets(upgrade.String()); len(all) > 0 {
		w.upgrade = &all[0]
	}
	if all := r.Config.sets(connection.String()); len(all) > 0 {
		w.connection = &all[0]
	}
	if d, ok := r.Config.directive("proxy_http_version"); ok {
		w.version = argument(&d)
	}
	return w
}

// eats reports whether a handshake loses its Upgrade here, as far as the request that
// arrived, if one did, says nothing else.
func (w *wiring) eats() bool { return w.asks && !w.arrived }

// bare reports whether neither header is set, here or further out.
func (w *wiring) bare() bool {
	return w.upgrade == nil && w.connection == nil && !w.lost("Upgrade") && !w.lost("Connection")
}

// lost reports whether a header is set further out, and cancelled.
func (w *wiring) lost(header string) bool { return w.lostLine(header) != nil }

// lostLine returns the directive that is cancelled; nil where none is.
func (w *wiring) lostLine(header string) *Directive {
	i := slices.IndexFunc(w.Lost, func(d Directive) bool {
		return d.Name == "proxy_set_header" && len(d.Args) > 0 && strings.EqualFold(d.Args[0], header)
	})
	if i < 0 {
		return nil
	}
	return &w.Lost[i]
}

// canceller returns the line whose presence cancels those that would be inherited.
func (w *wiring) canceller() *Directive {
	for i := range w.Applies {
		if w.Applies[i].Name == "proxy_set_header" {
			return &w.Applies[i]
		}
	}
	return nil
}

// wrongVariable reports whether Upgrade is filled from a variable that cannot hold what the
// client sent. One of a map may.
func (w *wiring) wrongVariable() bool {
	v := argument(w.upgrade)
	return v != "$http_upgrade" && (strings.HasPrefix(v, "$http_") || strings.HasPrefix(v, "$connection"))
}

// argument returns the last argument of a directive, without quotation marks.
func argument(d *Directive) string {
	if len(d.Args) == 0 {
		return ""
	}
	return strings.Trim(d.Args[len(d.Args)-1], `"'`)
}

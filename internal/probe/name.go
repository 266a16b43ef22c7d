package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// resolve finds the addresses of a name, in the order in which they are tried.
func (p *probe) resolve(ctx context.Context, t *Target) []netip.Addr {
	began := time.Now()
	s := newStep("resolve")
	addresses, says, err := p.lookUp(ctx, t)
	s.Says = says
	if err != nil {
		s.Says = unresolved(t.Hostname, err, p.Timeout)
		p.fail(ctx, &s, diagnosis.NotResolved, err)
	}
	s.Took = time.Since(began)
	p.say(s)
	return addresses
}

// lookUp returns the addresses of t, and says where they are from.
func (p *probe) lookUp(ctx context.Context, t *Target) (addresses []netip.Addr, says string, err error) {
	if to, ok := p.Resolve[t.Address()]; ok {
		return []netip.Addr{to}, fmt.Sprintf("%s is taken to be at %s, as the options say.", t.Address(), to), nil
	}
	if literal, err := netip.ParseAddr(t.Hostname); err == nil {
		return []netip.Addr{literal}, t.Hostname + " is an address already.", nil
	}
	if t.local() { // browsers ask no resolver for these (RFC 6761, section 6.3)
		return []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}, t.Hostname + " is this machine.", nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", t.Hostname)
	if err != nil {
		return nil, "", err
	}
	for i, a := range found {
		found[i] = a.Unmap()
	}
	addresses = byTurns(found)
	says = t.Hostname + " has " + handshake.Join(texts(addresses)) + "."
	if len(addresses) > maxAddresses {
		says = fmt.Sprintf("%s has %d addresses; the first %d are tried.", t.Hostname, len(addresses), maxAddresses)
		addresses = addresses[:maxAddresses]
	}
	return addresses, says, nil
}

// byTurns puts addresses of IPv6 and IPv4 in turns, beginning with the kind of the first
// (RFC 8305, section 4).
func byTurns(all []netip.Addr) []netip.Addr {
	var first, second []netip.Addr
	for _, a := range all {
		if a.Is4() == all[0].Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	turns := make([]netip.Addr, 0, len(all))
	for i := range max(len(first), len(second)) {
		turns = append(turns, first[min(i, len(first)):min(i+1, len(first))]...)
		turns = append(turns, second[min(i, len(second)):min(i+1, len(second))]...)
	}
	return turns
}

// texts writes addresses.
func texts(addresses []netip.Addr) []string {
	var all []string
	for _, a := range addresses {
		all = append(all, a.String())
	}
	return all
}

// unresolved says why a name has no address.
func unresolved(name string, err error, limit time.Duration) string {
	dns, told := errors.AsType[*net.DNSError](err)
	switch {
	case told && dns.IsNotFound:
		return fmt.Sprintf("No name server knows %s. Look for a slip in the name, or for an entry that exists in your company's network alone.", handshake.Quote(name))
	case told && dns.IsTimeout, errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("No name server answered within %s. Look at the network connection of this machine.", limit)
	}
	return sentence("The name " + handshake.Quote(name) + " cannot be resolved: " + err.Error())
}

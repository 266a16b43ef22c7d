package echo

import (
	"net"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"wsinspect/internal/journal"
)

// TestPeerThatVanishes: one that is gone without a word, as behind a firewall that has
// forgotten the connection, ends its session as a cut, while it is idle and while something
// is on its way. The kernel's times are made short; the program's are held by TestKeepAlive.
func TestPeerThatVanishes(t *testing.T) {
	for name, last := range map[string]func(*websocket.Conn){
		"idle":                    func(*websocket.Conn) {},
		"with an echo on its way": func(c *websocket.Conn) { c.WriteMessage(websocket.TextMessage, []byte("hello")) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, nil)
			c := b.dial(nil, "")
			b.await(journal.Open)
			b.handler.sessions.mu.Lock()
			for s := range b.handler.sessions.open {
				control(t, s.conn.NetConn(), shortenKeepAlive)
			}
			b.handler.sessions.mu.Unlock()

			control(t, c.NetConn(), vanish)
			last(c)
			got := b.await(journal.Closed).Session.Close
			if want := (journal.Close{Code: 1006, By: journal.ByNobody, Detail: "the peer no longer answered"}); got != want {
				t.Errorf("the journal says %+v, want %+v", got, want)
			}
		})
	}
}

// control calls do with the descriptor of a connection.
func control(t *testing.T, conn net.Conn, do func(fd int) error) {
	t.Helper()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if e := raw.Control(func(fd uintptr) { err = do(int(fd)) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
}

// vanish makes a socket deaf: a filter drops whatever arrives before TCP sees it, so that
// nothing is acknowledged or reset.
func vanish(fd int) error {
	none := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0} // no byte is let through
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &none})
}

// shortenKeepAlive makes the kernel give a silent peer up after a second or two.
func shortenKeepAlive(fd int) error {
	for option, value := range map[int]int{unix.TCP_KEEPIDLE: 1, unix.TCP_KEEPINTVL: 1, unix.TCP_KEEPCNT: 1, unix.TCP_USER_TIMEOUT: 1000} {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, option, value); err != nil {
			return err
		}
	}
	return nil
}

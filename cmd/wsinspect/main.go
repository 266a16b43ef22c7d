// Command wsinspect stands in an application's place behind a proxy, shows each WebSocket
// handshake as it arrived, and says why it is accepted or rejected.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal asks for an orderly end; a second one ends at once
	os.Exit(run(ctx, os.Args, os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

package echo

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// directWriter is the ResponseWriter of a connection that net/http has not seen. It holds
// the answer back until Flush, and lets gorilla take the connection over.
type directWriter struct {
	net.Conn
	header http.Header
	answer *[]byte           // lent by texts; nil until WriteHeader
	lent   *bufio.ReadWriter // by Hijack; nil otherwise
}

func newDirectWriter(conn net.Conn) *directWriter {
	return &directWriter{Conn: conn}
}

// Header returns the header lines that WriteHeader writes.
func (w *directWriter) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{"Connection": {"close"}} // made here, because an upgrade needs none
	}
	return w.header
}

// WriteHeader begins the answer.
func (w *directWriter) WriteHeader(status int) {
	w.Header()["Date"] = []string{time.Now().UTC().Format(http.TimeFormat)} // RFC 9110, section 6.6.1
	w.answer = texts.Get().(*[]byte)
	*w.answer = fmt.Appendf(*w.answer, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	w.header.Write(w)
	*w.answer = append(*w.answer, "\r\n"...)
}

// Write adds to the answer's text.
func (w *directWriter) Write(p []byte) (int, error) {
	*w.answer = append(*w.answer, p...)
	return len(p), nil
}

// WriteString is Write, without a copy for each piece of the header lines.
func (w *directWriter) WriteString(s string) (int, error) {
	*w.answer = append(*w.answer, s...)
	return len(s), nil
}

// FlushError sends the answer.
func (w *directWriter) FlushError() error {
	_, err := w.Conn.Write(*w.answer)
	return err
}

// hijackBuffers lends what http.Hijacker must return. gorilla looks whether the reader
// holds early bytes, which never is, and takes the writer's memory for its 101; it keeps
// neither, because the upgrader has buffers of its own.
var hijackBuffers = sync.Pool{New: func() any {
	return bufio.NewReadWriter(bufio.NewReaderSize(nil, 16), bufio.NewWriterSize(nil, 1<<10))
}}

// Hijack gives the connection to gorilla.
func (w *directWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	buffers := hijackBuffers.Get().(*bufio.ReadWriter)
	buffers.Reader.Reset(w.Conn)
	buffers.Writer.Reset(w.Conn)
	w.lent = buffers
	return w.Conn, buffers, nil
}

// giveBack ends the loan of Hijack, when gorilla has written its 101, and that of the
// answer's memory.
func (w *directWriter) giveBack() {
	if w.answer != nil {
		giveBackText(w.answer)
		w.answer = nil
	}
	if w.lent != nil {
		w.lent.Reader.Reset(nil)
		w.lent.Writer.Reset(nil)
		hijackBuffers.Put(w.lent)
		w.lent = nil
	}
}

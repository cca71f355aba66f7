package main

import (
	"bufio"
	"io"
	"net"
	"testing"
)

// A client that has sent all it has and closes its half still gets the whole answer.
func TestForwardingClosesEachWayOnItsOwn(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		connection, err := inner.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		question, _ := io.ReadAll(connection)
		_, _ = connection.Write(append([]byte("answer to "), question...))
	}()
	outer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = serve(outer, inner.Addr().String()) }()
	connection, err := net.Dial("tcp", outer.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = connection.Write([]byte("question"))
	_ = connection.(*net.TCPConn).CloseWrite()
	if answer, _ := bufio.NewReader(connection).ReadString(0); answer != "answer to question" {
		t.Fatalf("got %q", answer)
	}
}

package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

// System calls that the syscall package has no name for on every architecture (Linux' unistd tables).
var setnsNumber = map[string]uintptr{"amd64": 308, "arm64": 268}

const (
	pidfdOpenNumber = 434 // the same on all architectures
	pollIn          = 1
)

// forward makes the listener where the caller is, then moves into the other network namespace and
// executes itself again: a namespace belongs to a thread, and only a fresh program has all its threads
// in the new one. The listener stays where it was made. It ends when the process --while ends.
func forward(arguments []string) error {
	flags := flag.NewFlagSet("forward", flag.ContinueOnError)
	var cgroups paths
	flags.Var(&cgroups, "cgroup", "cgroup directory to enter")
	listen := flags.String("listen", "127.0.0.1:0", "address to listen on, in the caller's network namespace")
	network := flags.String("network", "", "network namespace to dial in, a file such as /proc/PID/ns/net")
	to := flags.String("to", "", "address to dial")
	while := flags.Int("while", 0, "process whose end ends the forwarder")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	number, known := setnsNumber[runtime.GOARCH]
	if !known {
		return fmt.Errorf("the number of setns on %s is not known", runtime.GOARCH)
	}
	if err := enterCgroups(cgroups); err != nil {
		return err
	}
	process, _, errno := syscall.RawSyscall(pidfdOpenNumber, uintptr(*while), 0, 0)
	if errno != 0 {
		return fmt.Errorf("process %d: %w", *while, errno)
	}
	namespace, err := os.Open(*network)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	if _, _, errno := syscall.RawSyscall(number, namespace.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
		return fmt.Errorf("enter %s: %w", *network, errno)
	}
	for _, kept := range []uintptr{file.Fd(), process} { // both are closed on exec by default
		if _, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, kept, syscall.F_SETFD, 0); errno != 0 {
			return errno
		}
	}
	fmt.Println(listener.Addr())
	return syscall.Exec("/proc/self/exe", []string{"node-init", "forward-serve", strconv.Itoa(int(file.Fd())), strconv.Itoa(int(process)), *to}, nil)
}

// forwardServe is the second half of forward: LISTENER-FD PROCESS-FD ADDRESS.
func forwardServe(arguments []string) error {
	if len(arguments) != 3 {
		return fmt.Errorf("is the inner half of forward")
	}
	descriptor, err := strconv.Atoi(arguments[0])
	if err != nil {
		return err
	}
	process, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	listener, err := net.FileListener(os.NewFile(uintptr(descriptor), "listener"))
	if err != nil {
		return err
	}
	go func() {
		waitForEnd(process)
		os.Exit(0)
	}()
	return serve(listener, arguments[2])
}

// waitForEnd blocks until the process behind a pidfd has ended; such a descriptor is then readable (pidfd_open(2)).
func waitForEnd(process int) {
	type pollDescriptor struct {
		descriptor       int32
		events, returned int16
	}
	entry := pollDescriptor{descriptor: int32(process), events: pollIn}
	for {
		ready, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&entry)), 1, 0, 0, 0, 0)
		if errno == 0 && ready > 0 || errno != 0 && errno != syscall.EINTR {
			return
		}
	}
}

// serve joins each accepted connection with one to the address, half-closing each way on its own.
func serve(listener net.Listener, address string) error {
	for {
		outer, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer outer.Close()
			inner, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			defer inner.Close()
			finished := make(chan struct{})
			go func() {
				_, _ = io.Copy(inner, outer)
				_ = inner.(*net.TCPConn).CloseWrite()
				close(finished)
			}()
			_, _ = io.Copy(outer, inner)
			_ = outer.(*net.TCPConn).CloseWrite()
			<-finished
		}()
	}
}

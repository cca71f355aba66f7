// Command node-init is the one program that the embedded environment adds to Kubernetes' own. It uses
// the standard library only, links statically, and has four uses:
//
//	node-init spawn [--cgroup DIR]... --log FILE SPEC.json
//	    starts a node: enters the cgroups, makes namespaces of its own (network, mount, PID, UTS, IPC,
//	    cgroup) and runs "init SPEC.json" as PID 1 of them. Prints the PID as the caller sees it. The
//	    node outlives the caller; killing the printed PID ends every process of the node.
//	node-init init SPEC.json
//	    PID 1 of a node: carries out the ordered steps of the specification, supervises the processes
//	    that it started, reaps orphans, writes a status file, stops in order on SIGTERM.
//	node-init forward [--cgroup DIR]... --listen ADDRESS --network FILE --to ADDRESS --while PID
//	    listens in the caller's network namespace and dials inside another one, so that a node's port is
//	    reached over loopback without a link, a route or a rule on the host. Prints the address.
//	node-init pause
//	    the program of the pause container: reaps zombies and waits for SIGTERM. Also when called "pause".
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if filepath.Base(os.Args[0]) == "pause" {
		pause()
		return
	}
	if len(os.Args) < 2 {
		usage()
	}
	var err error
	switch arguments := os.Args[2:]; os.Args[1] {
	case "spawn":
		err = spawn(arguments)
	case "init":
		err = initialise(arguments)
	case "forward":
		err = forward(arguments)
	case "forward-serve":
		err = forwardServe(arguments)
	case "pause":
		pause()
	default:
		usage()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "node-init %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: node-init spawn|init|forward|pause (see main.go)")
	os.Exit(2)
}

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// paths is a flag that may be given several times.
type paths []string

func (p *paths) String() string         { return strings.Join(*p, ",") }
func (p *paths) Set(value string) error { *p = append(*p, value); return nil }

// enterCgroups moves the calling process, with all its threads, into each of the cgroups.
func enterCgroups(directories []string) error {
	for _, directory := range directories {
		if err := os.WriteFile(filepath.Join(directory, "cgroup.procs"), []byte("0"), 0); err != nil {
			return err
		}
	}
	return nil
}

// spawn starts PID 1 of a node. It exits at once afterwards: the node is then nobody's child, and
// PID 1 begins its steps when the pipe that it inherits reaches its end.
func spawn(arguments []string) error {
	flags := flag.NewFlagSet("spawn", flag.ContinueOnError)
	var cgroups paths
	flags.Var(&cgroups, "cgroup", "cgroup directory to enter; its subtree becomes the root of the node's cgroup namespace")
	logFile := flags.String("log", "", "file for the output of PID 1")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() != 1 || *logFile == "" {
		return fmt.Errorf("usage: spawn [--cgroup DIR]... --log FILE SPEC.json")
	}
	// Read here too: a mistake in it is then the caller's error, not a node that vanishes.
	if _, err := readSpecification(flags.Arg(0)); err != nil {
		return err
	}
	if err := enterCgroups(cgroups); err != nil {
		return err
	}
	log, err := os.OpenFile(*logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	waitForEnd, _, err := os.Pipe() // the end for writing closes when this process exits
	if err != nil {
		return err
	}
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"node-init", "init", flags.Arg(0)}, &syscall.ProcAttr{
		Dir: "/", Env: []string{},
		Files: []uintptr{nothing.Fd(), log.Fd(), log.Fd(), waitForEnd.Fd()},
		Sys: &syscall.SysProcAttr{
			Setsid: true,
			Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
				syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWCGROUP,
		},
	})
	if err != nil {
		return fmt.Errorf("new namespaces: %w", err)
	}
	fmt.Println(pid)
	return nil
}

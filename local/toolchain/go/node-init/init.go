package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// afterFile is the descriptor that spawn hands over; it reaches its end when spawn has exited.
const afterFile = 3

// stepError carries the name of the process whose log explains the failure.
type stepError struct {
	process string
	err     error
}

func (e *stepError) Error() string { return e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// initialise is PID 1: steps in order, then supervision until SIGTERM. A step that fails is written to
// the status file and ends the node, so nothing half started stays.
func initialise(arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("usage: init SPEC.json")
	}
	if os.Getpid() != 1 {
		return errors.New("must be PID 1 of namespaces of its own: use spawn")
	}
	// On one cgroup hierarchy (version 2) no process may stay in a cgroup that hands out controllers:
	// so wait until spawn, which entered it first, is gone.
	_, _ = io.Copy(io.Discard, os.NewFile(afterFile, "spawn"))
	specification, err := readSpecification(arguments[0])
	if err != nil {
		return err
	}
	os.Clearenv()
	for name, value := range specification.Environment {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	status := newStatusFile(specification.Status)
	supervisor := newSupervisor(specification.Logs, status)
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	go func() {
		<-terminate
		status.update(func(s *Status) { s.Phase = "stopping" })
		supervisor.stop(specification.Stop)
		os.Exit(0)
	}()
	began := time.Now()
	for _, step := range specification.Steps {
		status.update(func(s *Status) { s.Step = step.Title })
		if err := carryOut(step, supervisor); err != nil {
			failure := &stepError{}
			errors.As(err, &failure)
			status.update(func(s *Status) { s.Phase, s.Error, s.Process = "failed", err.Error(), failure.process })
			return fmt.Errorf("%s: %s: %w", specification.Name, step.Title, err)
		}
		fmt.Printf("%6.2fs %s\n", time.Since(began).Seconds(), step.Title)
	}
	supervisor.keepRunning()
	status.update(func(s *Status) { s.Phase, s.Step = "ready", "" })
	select {}
}

// carryOut does the one action of a step.
func carryOut(step Step, supervisor *supervisor) error {
	switch {
	case step.Hostname != nil:
		return syscall.Sethostname([]byte(*step.Hostname))
	case step.Mount != nil:
		return mount(*step.Mount)
	case step.Unmount != nil:
		return syscall.Unmount(*step.Unmount, syscall.MNT_DETACH)
	case step.MakeDirectory != nil:
		return os.MkdirAll(*step.MakeDirectory, 0o755)
	case step.Write != nil:
		return os.WriteFile(step.Write.File, []byte(step.Write.Content), 0o644)
	case step.Run != nil:
		return supervisor.run(*step.Run)
	case step.Start != nil:
		return supervisor.start(*step.Start)
	case step.Wait != nil:
		return await(*step.Wait, supervisor)
	}
	return errors.New("no action")
}

// mountFlags are the flags that a specification may name.
var mountFlags = map[string]uintptr{
	"bind":      syscall.MS_BIND,
	"recursive": syscall.MS_REC,
	"private":   syscall.MS_PRIVATE,
	"shared":    syscall.MS_SHARED,
	"nosuid":    syscall.MS_NOSUID,
	"nodev":     syscall.MS_NODEV,
	"noexec":    syscall.MS_NOEXEC,
}

func flagsOf(names []string) (uintptr, error) {
	var flags uintptr
	for _, name := range names {
		flag, known := mountFlags[name]
		if !known {
			return 0, fmt.Errorf("unknown mount flag %q", name)
		}
		flags |= flag
	}
	return flags, nil
}

func mount(m Mount) error {
	flags, err := flagsOf(m.Flags)
	if err != nil {
		return err
	}
	if err := syscall.Mount(m.Source, m.Target, m.Type, flags, m.Data); err != nil {
		return fmt.Errorf("mount %s on %s (%s): %w", m.Source, m.Target, strings.Trim(m.Type+" "+strings.Join(m.Flags, ","), " "), err)
	}
	return nil
}

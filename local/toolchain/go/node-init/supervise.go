package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// startFailures is how often a process may end before the node is ready; more is a failure of the node.
const startFailures = 3

// supervisor starts processes, reaps everything (PID 1 inherits all orphans) and starts again what ended.
type supervisor struct {
	logs   string
	status *statusFile
	mutex  sync.Mutex
	// waiting has a channel for each child that somebody waits for; guarded by mutex.
	waiting map[int]chan syscall.WaitStatus
	// running has the PID of each supervised process; guarded by mutex.
	running map[string]int
	// failed has the processes that ended too often before the node was ready; guarded by mutex.
	failed   map[string]string
	ready    bool
	stopping bool
}

func newSupervisor(logs string, status *statusFile) *supervisor {
	s := &supervisor{logs: logs, status: status, waiting: map[int]chan syscall.WaitStatus{}, running: map[string]int{}, failed: map[string]string{}}
	children := make(chan os.Signal, 16)
	signal.Notify(children, syscall.SIGCHLD)
	go func() {
		for range children {
			s.reap()
		}
	}()
	return s
}

// reap collects all ended children. It holds the lock that fork holds, so a child that ends at once is known already.
func (s *supervisor) reap() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for {
		var result syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &result, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if pid <= 0 || err != nil {
			return
		}
		if waiter := s.waiting[pid]; waiter != nil {
			delete(s.waiting, pid)
			waiter <- result
		}
	}
}

// logFile is where a process' output goes.
func (s *supervisor) logFile(name string) string { return filepath.Join(s.logs, name+".log") }

// fork starts a process in a session of its own, with its output in its log file.
func (s *supervisor) fork(process Process) (int, chan syscall.WaitStatus, error) {
	program, err := exec.LookPath(process.Arguments[0])
	if err != nil {
		return 0, nil, err
	}
	log, err := os.OpenFile(s.logFile(process.Name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, nil, err
	}
	defer log.Close()
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return 0, nil, err
	}
	defer nothing.Close()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	pid, err := syscall.ForkExec(program, process.Arguments, &syscall.ProcAttr{
		Dir: process.Directory, Env: os.Environ(),
		Files: []uintptr{nothing.Fd(), log.Fd(), log.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", program, err)
	}
	ended := make(chan syscall.WaitStatus, 1)
	s.waiting[pid] = ended
	return pid, ended, nil
}

// run runs a program to its end; any other exit status than 0 is an error.
func (s *supervisor) run(process Process) error {
	_, ended, err := s.fork(process)
	if err != nil {
		return &stepError{process.Name, err}
	}
	if result := <-ended; result.ExitStatus() != 0 {
		return &stepError{process.Name, fmt.Errorf("%s: %s", process.Arguments[0], describe(result))}
	}
	return nil
}

// start keeps a program running until the node stops.
func (s *supervisor) start(process Process) error {
	pid, ended, err := s.fork(process)
	if err != nil {
		return &stepError{process.Name, err}
	}
	s.note(process.Name, pid, 0, "")
	go s.supervise(process, ended)
	return nil
}

func (s *supervisor) supervise(process Process, ended chan syscall.WaitStatus) {
	for restarts := 1; ; restarts++ {
		result := describe(<-ended)
		s.mutex.Lock()
		delete(s.running, process.Name)
		stopping, tooOften := s.stopping, !s.ready && restarts >= startFailures
		if tooOften {
			s.failed[process.Name] = fmt.Sprintf("%s ended %d times: %s", process.Name, restarts, result)
		}
		s.mutex.Unlock()
		if stopping || tooOften {
			return
		}
		fmt.Printf("%s ended: %s; starting it again\n", process.Name, result)
		for {
			time.Sleep(time.Second)
			pid, next, err := s.fork(process)
			if err == nil {
				s.note(process.Name, pid, restarts, result)
				ended = next
				break
			}
			fmt.Printf("%s: %v\n", process.Name, err)
		}
	}
}

func (s *supervisor) note(name string, pid, restarts int, lastExit string) {
	s.mutex.Lock()
	s.running[name] = pid
	s.mutex.Unlock()
	s.status.update(func(status *Status) {
		status.Processes[name] = ProcessStatus{PID: pid, Restarts: restarts, LastExit: lastExit}
	})
}

// failure is the first process that ended too often, if any.
func (s *supervisor) failure() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for name, message := range s.failed {
		return &stepError{name, fmt.Errorf("%s", message)}
	}
	return nil
}

// keepRunning ends the start phase: from now on everything is started again however often it ends.
func (s *supervisor) keepRunning() {
	s.mutex.Lock()
	s.ready = true
	s.mutex.Unlock()
}

// stop ends processes in order, each within its limit.
func (s *supervisor) stop(order []StopStep) {
	s.mutex.Lock()
	s.stopping = true
	s.mutex.Unlock()
	for _, step := range order {
		deadline := time.Now().Add(time.Duration(step.Seconds) * time.Second)
		for signal := syscall.SIGTERM; ; signal = 0 {
			s.mutex.Lock()
			pid, alive := s.running[step.Process]
			s.mutex.Unlock()
			if !alive || syscall.Kill(pid, signal) != nil {
				break
			}
			if time.Now().After(deadline) {
				fmt.Printf("%s did not end within %d s and is killed\n", step.Process, step.Seconds)
				_ = syscall.Kill(pid, syscall.SIGKILL)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func describe(result syscall.WaitStatus) string {
	if result.Signaled() {
		return fmt.Sprintf("killed by signal %d (%s)", result.Signal(), result.Signal())
	}
	return fmt.Sprintf("exit status %d", result.ExitStatus())
}

package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shared is the only supervisor of the test process, because a supervisor reaps all children of its process.
var shared *supervisor

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "node-init-")
	if err != nil {
		panic(err)
	}
	shared = newSupervisor(folder, newStatusFile(filepath.Join(folder, "status.json")))
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// testSupervisor forgets what earlier tests saw fail.
func testSupervisor() (*supervisor, string) {
	shared.mutex.Lock()
	defer shared.mutex.Unlock()
	shared.failed, shared.stopping = map[string]string{}, false
	return shared, shared.logs
}

func TestRunReportsTheExitStatusAndKeepsTheOutput(t *testing.T) {
	supervisor, folder := testSupervisor()
	if err := supervisor.run(Process{Name: "fine", Arguments: []string{"sh", "-c", "echo done"}}); err != nil {
		t.Fatal(err)
	}
	err := supervisor.run(Process{Name: "broken", Arguments: []string{"sh", "-c", "echo why >&2; exit 3"}})
	failure := &stepError{}
	if !errors.As(err, &failure) || failure.process != "broken" || !strings.Contains(err.Error(), "exit status 3") {
		t.Fatalf("got %v, want exit status 3 of broken", err)
	}
	if log, _ := os.ReadFile(filepath.Join(folder, "broken.log")); string(log) != "why\n" {
		t.Fatalf("log is %q", log)
	}
}

func TestAProcessThatKeepsEndingFailsTheWait(t *testing.T) {
	supervisor, _ := testSupervisor()
	if err := supervisor.start(Process{Name: "web", Arguments: []string{"false"}}); err != nil {
		t.Fatal(err)
	}
	err := await(Wait{Seconds: 20, File: "/nonexistent/file"}, supervisor)
	if err == nil || !strings.Contains(err.Error(), "web ended 3 times: exit status 1") {
		t.Fatalf("got %v", err)
	}
}

func TestStopEndsInOrderAndKillsWhatIgnoresIt(t *testing.T) {
	supervisor, folder := testSupervisor()
	ready := filepath.Join(folder, "ready")
	for _, process := range []Process{
		{Name: "polite", Arguments: []string{"sleep", "60"}},
		{Name: "stubborn", Arguments: []string{"sh", "-c", "trap '' TERM; touch " + ready + "; while :; do sleep 1; done"}},
	} {
		if err := supervisor.start(process); err != nil {
			t.Fatal(err)
		}
	}
	if err := await(Wait{Seconds: 10, File: ready}, supervisor); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	supervisor.stop([]StopStep{{"polite", 10}, {"stubborn", 1}})
	if took := time.Since(began); took < time.Second || took > 8*time.Second {
		t.Fatalf("took %v: polite should end at once, stubborn after its second", took)
	}
}

func TestAWaitSaysWhatItWaitedForAndWhy(t *testing.T) {
	supervisor, folder := testSupervisor()
	socket := filepath.Join(folder, "socket")
	err := await(Wait{Seconds: 0, Process: "containerd", Unix: socket}, supervisor)
	failure := &stepError{}
	if !errors.As(err, &failure) || failure.process != "containerd" || !strings.Contains(err.Error(), socket) {
		t.Fatalf("got %v", err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := await(Wait{Seconds: 5, Unix: socket}, supervisor); err != nil {
		t.Fatal(err)
	}
}

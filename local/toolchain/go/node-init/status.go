package main

import (
	"encoding/json"
	"os"
	"sync"
)

// Status is what a node's PID 1 tells the outside, as a JSON file that is replaced whole.
type Status struct {
	// Phase is starting, ready, failed or stopping.
	Phase string `json:"phase"`
	// Step is the title of the step that runs, or that failed.
	Step  string `json:"step"`
	Error string `json:"error,omitempty"`
	// Process names the log that explains Error.
	Process string `json:"process,omitempty"`
	// Processes by name, of those that were started.
	Processes map[string]ProcessStatus `json:"processes"`
}

// ProcessStatus is a supervised process; its PID is the one inside the node.
type ProcessStatus struct {
	PID      int    `json:"pid"`
	Restarts int    `json:"restarts"`
	LastExit string `json:"lastExit,omitempty"`
}

type statusFile struct {
	mutex  sync.Mutex
	file   string
	status Status
}

func newStatusFile(file string) *statusFile {
	return &statusFile{file: file, status: Status{Phase: "starting", Processes: map[string]ProcessStatus{}}}
}

// update changes the status and replaces the file by a rename, so that a reader never sees half of it.
func (s *statusFile) update(change func(*Status)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	change(&s.status)
	content, err := json.Marshal(s.status)
	if err != nil {
		return
	}
	if os.WriteFile(s.file+".new", append(content, '\n'), 0o600) == nil {
		_ = os.Rename(s.file+".new", s.file)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
)

// Specification says everything that PID 1 of a node does, in order. It is data: whoever writes it can
// show it and test it without starting anything.
type Specification struct {
	// Name is what messages call the node.
	Name string `json:"name"`
	// Status is the file that the current Status is written to.
	Status string `json:"status"`
	// Logs is the folder of the processes' log files (NAME.log, appended to).
	Logs string `json:"logs"`
	// Environment is the whole environment of everything that is run; nothing is inherited.
	Environment map[string]string `json:"environment"`
	Steps       []Step            `json:"steps"`
	// Stop lists processes in the order in which SIGTERM stops them. What is not listed dies with PID 1.
	Stop []StopStep `json:"stop"`
}

// Step does exactly one thing. Title says which, in messages.
type Step struct {
	Title         string   `json:"title"`
	Hostname      *string  `json:"hostname,omitempty"`
	Mount         *Mount   `json:"mount,omitempty"`
	Unmount       *string  `json:"unmount,omitempty"`
	MakeDirectory *string  `json:"makeDirectory,omitempty"`
	Write         *Write   `json:"write,omitempty"`
	Run           *Process `json:"run,omitempty"`
	Start         *Process `json:"start,omitempty"`
	Wait          *Wait    `json:"wait,omitempty"`
}

// Mount is a mount(2) call. Flags are names: see mountFlags.
type Mount struct {
	Source string   `json:"source"`
	Target string   `json:"target"`
	Type   string   `json:"type"`
	Flags  []string `json:"flags"`
	Data   string   `json:"data"`
}

// Write writes Content to an existing or new file; sysctls are files below /proc/sys.
type Write struct {
	File    string `json:"file"`
	Content string `json:"content"`
}

// Process is a program to run to its end (Run) or to keep running (Start).
type Process struct {
	// Name names the log file and the process in messages.
	Name      string   `json:"name"`
	Arguments []string `json:"arguments"`
	Directory string   `json:"directory,omitempty"`
}

// Wait is a condition; exactly one of its kinds is set. It fails after Seconds.
type Wait struct {
	Seconds int `json:"seconds"`
	// Process is whose log explains a condition that does not come.
	Process string `json:"process,omitempty"`
	// File exists.
	File string `json:"file,omitempty"`
	// Unix and TCP accept a connection.
	Unix string `json:"unix,omitempty"`
	TCP  string `json:"tcp,omitempty"`
	// HTTPS answers with status 200.
	HTTPS *HTTPSRequest `json:"https,omitempty"`
}

// HTTPSRequest is a GET; Certificate and Key are files and optional.
type HTTPSRequest struct {
	URL         string `json:"url"`
	Authority   string `json:"authority"`
	Certificate string `json:"certificate,omitempty"`
	Key         string `json:"key,omitempty"`
}

// StopStep gives a process Seconds to end after SIGTERM, then kills it.
type StopStep struct {
	Process string `json:"process"`
	Seconds int    `json:"seconds"`
}

// readSpecification reads and checks a specification; an unknown key is an error, so a misspelt step cannot be skipped in silence.
func readSpecification(file string) (*Specification, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	specification := &Specification{}
	if err := decoder.Decode(specification); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	started := map[string]bool{}
	for position, step := range specification.Steps {
		if step.Title == "" {
			return nil, fmt.Errorf("%s: steps[%d] has no title", file, position)
		}
		if actions := countActions(step); actions != 1 {
			return nil, fmt.Errorf("%s: step %q has %d actions, not one", file, step.Title, actions)
		}
		if step.Start != nil {
			if started[step.Start.Name] {
				return nil, fmt.Errorf("%s: process %q is started twice", file, step.Start.Name)
			}
			started[step.Start.Name] = true
		}
		if step.Mount != nil {
			if _, err := flagsOf(step.Mount.Flags); err != nil {
				return nil, fmt.Errorf("%s: step %q: %w", file, step.Title, err)
			}
		}
	}
	for _, stop := range specification.Stop {
		if !started[stop.Process] {
			return nil, fmt.Errorf("%s: stop names %q, which no step starts", file, stop.Process)
		}
	}
	return specification, nil
}

// countActions counts a step's pointer fields that are set.
func countActions(step Step) int {
	actions, value := 0, reflect.ValueOf(step)
	for field := 0; field < value.NumField(); field++ {
		if value.Field(field).Kind() == reflect.Pointer && !value.Field(field).IsNil() {
			actions++
		}
	}
	return actions
}

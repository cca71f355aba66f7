package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSpecificationsWithMistakesAreRefused(t *testing.T) {
	start := `{"title": "start it", "start": {"name": "web", "arguments": ["/bin/true"]}}`
	cases := map[string]struct{ content, want string }{
		"unknown key":     {`{"name": "apps", "step": []}`, `unknown field "step"`},
		"no title":        {`{"steps": [{"hostname": "apps"}]}`, "steps[0] has no title"},
		"no action":       {`{"steps": [{"title": "rest"}]}`, `step "rest" has 0 actions`},
		"two actions":     {`{"steps": [{"title": "both", "hostname": "a", "unmount": "/x"}]}`, `step "both" has 2 actions`},
		"mount flag":      {`{"steps": [{"title": "m", "mount": {"target": "/", "flags": ["sticky"]}}]}`, `unknown mount flag "sticky"`},
		"started twice":   {`{"steps": [` + start + `,` + start + `]}`, `process "web" is started twice`},
		"stop of nothing": {`{"steps": [` + start + `], "stop": [{"process": "wen", "seconds": 1}]}`, `stop names "wen"`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "specification.json")
			if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := readSpecification(file)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), file) {
				t.Fatalf("got %v, want an error of %s with %q", err, file, test.want)
			}
		})
	}
}

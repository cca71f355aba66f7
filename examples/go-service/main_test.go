package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		path   string
		status int
		body   string
	}{
		{"/", http.StatusOK, "Hello from go-service, version development\n"},
		{"/hello/pergola", http.StatusOK, "{\"hello\":\"pergola\",\"version\":\"development\"}\n"},
		{"/healthz", http.StatusOK, "ok\n"},
		{"/elsewhere", http.StatusNotFound, "404 page not found\n"},
	} {
		recorder := httptest.NewRecorder()
		routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, test.path, nil))
		if recorder.Code != test.status || recorder.Body.String() != test.body {
			t.Errorf("GET %s: %d %q, want %d %q", test.path, recorder.Code, recorder.Body, test.status, test.body)
		}
	}
}

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// pollInterval is between two looks at a condition.
const pollInterval = 50 * time.Millisecond

// await polls a condition until it holds, a supervised process has failed for good, or the time is over.
func await(wait Wait, supervisor *supervisor) error {
	check, what, err := condition(wait)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(time.Duration(wait.Seconds) * time.Second)
	for {
		last := check()
		if last == nil {
			return nil
		}
		if err := supervisor.failure(); err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return &stepError{wait.Process, fmt.Errorf("waited %d s for %s: %w", wait.Seconds, what, last)}
		}
		time.Sleep(pollInterval)
	}
}

// condition turns a Wait into a check and the words for it.
func condition(wait Wait) (func() error, string, error) {
	switch {
	case wait.File != "":
		return func() error { _, err := os.Stat(wait.File); return err }, wait.File, nil
	case wait.Unix != "":
		return connects("unix", wait.Unix), wait.Unix, nil
	case wait.TCP != "":
		return connects("tcp", wait.TCP), wait.TCP, nil
	case wait.HTTPS != nil:
		check, err := answers(*wait.HTTPS)
		return check, wait.HTTPS.URL, err
	}
	return nil, "", errors.New("wait without a condition")
}

func connects(network, address string) func() error {
	return func() error {
		connection, err := net.DialTimeout(network, address, time.Second)
		if err == nil {
			connection.Close()
		}
		return err
	}
}

// answers checks for status 200. The client is made when the files are there, that is on the first look.
func answers(request HTTPSRequest) (func() error, error) {
	authority, err := os.ReadFile(request.Authority)
	if err != nil {
		return nil, err
	}
	configuration := &tls.Config{RootCAs: x509.NewCertPool()}
	if !configuration.RootCAs.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%s: no certificate in it", request.Authority)
	}
	if request.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(request.Certificate, request.Key)
		if err != nil {
			return nil, err
		}
		configuration.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{TLSClientConfig: configuration}}
	return func() error {
		response, err := client.Get(request.URL)
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("status %s", response.Status)
		}
		return nil
	}, nil
}

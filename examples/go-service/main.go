// A small HTTP service: it greets, says which version it is, and answers a health check.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
)

// version is set by the linker: -X main.version=...
var version = "development"

func routes() http.Handler {
	router := chi.NewRouter()
	router.Get("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello from go-service, version %s\n", version)
	})
	router.Get("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"hello": chi.URLParam(r, "name"), "version": version})
	})
	router.Get("/healthz", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	return router
}

func main() {
	address := ":8080"
	if port := os.Getenv("PORT"); port != "" {
		address = ":" + port
	}
	log.Printf("go-service %s listens on %s", version, address)
	log.Fatal(http.ListenAndServe(address, routes()))
}

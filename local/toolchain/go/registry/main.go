// Command registry is the CNCF distribution registry with its files on a disk and, if it is told so, a password file:
// without the storage drivers of clouds and the login services that the embedded environment has no use for.
package main

import (
	"os"

	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	if err := registry.RootCmd.Execute(); err != nil {
		os.Exit(1)
	}
}

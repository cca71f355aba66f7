// Command karpenter-crds prints the definitions of Karpenter's objects on AWS, as the module holds them, as one YAML stream.
package main

import (
	"fmt"
	"os"

	"github.com/aws/karpenter-provider-aws/pkg/apis"
)

// Set when it is linked.
var version = "unknown"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println("karpenter-crds", version)
		return
	}
	for _, definition := range [][]byte{apis.NodePoolCRD, apis.NodeClaimCRD, apis.EC2NodeClassCRD} {
		fmt.Printf("---\n%s\n", definition)
	}
}

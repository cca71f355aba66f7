// One static binary that is etcd, the Kubernetes components and kubectl, told apart by the
// name it is started under (argv[0]) or by its first argument. One link instead of seven
// saves most of the disk and most of the link time of the embedded environment.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// components maps a name to the constructor of its cobra command. A constructor may run only
// once in a process (the API server's installs a signal handler), so look-ups never call it.
var components = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kube-proxy":              proxy.NewProxyCommand,
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
}

func main() {
	// First under the name that the program was started as, then by the first argument.
	for range 2 {
		name := filepath.Base(os.Args[0])
		if name == "etcd" {
			etcdmain.Main(os.Args)
			return
		}
		if newCommand, ok := components[name]; ok {
			os.Exit(cli.Run(newCommand()))
		}
		if len(os.Args) == 1 {
			break
		}
		os.Args = os.Args[1:]
	}
	fmt.Fprintln(os.Stderr, "usage: kubernetes etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kube-proxy|kubelet|kubectl [ARGS]")
	os.Exit(2)
}

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

// command returns the cobra command of a component, nil for a name that is none.
func command(name string) *cobra.Command {
	switch name {
	case "kube-apiserver":
		return apiserver.NewAPIServerCommand()
	case "kube-controller-manager":
		return controllermanager.NewControllerManagerCommand()
	case "kube-scheduler":
		return scheduler.NewSchedulerCommand()
	case "kube-proxy":
		return proxy.NewProxyCommand()
	case "kubelet":
		return kubelet.NewKubeletCommand(context.Background())
	case "kubectl":
		return kubectl.NewDefaultKubectlCommand()
	}
	return nil
}

func main() {
	for len(os.Args) > 0 {
		name := filepath.Base(os.Args[0])
		if name == "etcd" {
			etcdmain.Main(os.Args)
			return
		}
		if c := command(name); c != nil {
			os.Exit(cli.Run(c))
		}
		if len(os.Args) == 1 {
			break
		}
		if next := filepath.Base(os.Args[1]); next != "etcd" && command(next) == nil {
			fmt.Fprintf(os.Stderr, "kubernetes: unknown component %q\n", os.Args[1])
			os.Exit(2)
		}
		os.Args = os.Args[1:]
	}
	fmt.Fprintln(os.Stderr, "usage: kubernetes etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kube-proxy|kubelet|kubectl [ARGS]")
	os.Exit(2)
}

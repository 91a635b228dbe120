// Command pulumi-resource-kubernetes is Pulumi's own plugin for Kubernetes, built from its published Go module.
//
// The module's main package cannot be built: it embeds two files that its repository generates and does not commit.
// tools/kubernetes.py puts them in place here, from what the module ships.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() { provider.Serve("kubernetes", version.Version, schema, terraformMapping) }

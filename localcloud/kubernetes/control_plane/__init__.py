"""Kubernetes' own programs as a cluster's API server: etcd, kube-apiserver, kube-controller-manager, kube-scheduler."""

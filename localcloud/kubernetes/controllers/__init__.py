"""What Kubernetes' and EKS Auto Mode's controllers do for a local cluster, each in a module of its own."""

"""What a Kubernetes object is: its kinds, their schemas, defaults and rules. Pure functions over JSON, which the API
server and the `kubernetes` provider share; nothing here knows of a server, of AWS or of Pulumi."""

"""What `make up` and `make preview` do: the program's stacks on the local cloud, and a dataset from source to site."""

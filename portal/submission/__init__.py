"""Starts workflow runs as the ingestion clients do: the same names, inputs and buckets, many at once, none twice."""

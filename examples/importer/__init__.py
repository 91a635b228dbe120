"""
A dataset's metadata into PostgreSQL: a stand-in for the portal's importer where its image isn't.

`python -m examples.importer load --postgres_url URL S3_BUCKET HTTPS_PREFIX --s3-prefix DATASET` takes the arguments of
the portal's `db_import.importer load` and reads a dataset as that does (its metadata documents, and listings for
sizes). The tables are this example's own. For each dataset it prints as JSON how many rows it changed.
"""

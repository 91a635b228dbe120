"""
What an import reads, without the database: a stand-in for the portal's importer where its image isn't.

`python -m examples.importer load --postgres_url URL S3_BUCKET HTTPS_PREFIX --s3-prefix DATASET` takes the arguments of
the portal's `db_import.importer load`, reads a dataset as that does (its metadata documents, and listings for sizes)
and prints the rows as JSON, one a line, where the portal's importer would write them.
"""

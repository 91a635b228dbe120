"""Amazon S3 as it answers today, around moto's object store."""

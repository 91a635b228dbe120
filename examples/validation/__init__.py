"""
A small validation: whether a dataset in a bucket, or the sources of one, are what they say they are.

`python -m examples.validation --input-bucket B --output-bucket B --output-dir DIR --datasets ID | --ingestion-config C`
takes the arguments of the portal's `allure_tests.py` and leaves a report where that leaves its own:
`{output-dir}/{id}/index.html` and, with the findings as JSON inside, `{output-dir}/{id}.tar.gz`.
"""

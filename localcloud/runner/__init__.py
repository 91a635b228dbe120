"""
The program inside the container image of a batch job, for a machine without containers.

On AWS a job of the queue starts swipe's image: its entry point downloads a WDL workflow and its input, runs it with
miniwdl and uploads what it gives. Here the same job is a process, `python -m localcloud.runner`, with the same
contract: what it reads (environment), what it leaves in S3 (names, tags, cache, status file, error document) and how
it ends (exit status). Only the inside differs: WDL tasks are processes instead of sibling containers.

Its directory is the one it is started in: one directory a job (two runs in one directory would wait for each other).
`MINIWDL_DIR`, a mount of the container, must be set as for the image, and has no meaning for a process.
"""

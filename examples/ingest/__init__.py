"""
A small ingest: a tomogram as its depositor left it becomes what the portal serves.

`python -m examples.ingest convert CONFIG_FILE INPUT_BUCKET OUTPUT_PATH [flags]` is what the workflow
`standardize_dirs.wdl-v0.0.1.wdl` runs in a batch job, with the arguments of the portal's own tool.
`python -m examples.ingest.phantom TARGET` makes a tomogram of which every voxel is known, and
`python -m examples.ingest.compare OUTPUT_PATH` checks what became of it, voxel by voxel.
"""

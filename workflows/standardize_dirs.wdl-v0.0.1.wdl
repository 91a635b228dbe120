version 1.0

# Ingests a run: from the depositor's files in the source bucket to the portal's layout in staging or embargo.
workflow cryoet_data_ingestion {
    input {
        String docker_image_id
        String aws_region
        String config_file
        String input_bucket
        String output_path
        String flags = ""
    }

    call cryoet_data_ingestion_workflow {
        input:
            docker_image_id = docker_image_id,
            aws_region = aws_region,
            config_file = config_file,
            input_bucket = input_bucket,
            output_path = output_path,
            flags = flags
    }

    output {
        File log = cryoet_data_ingestion_workflow.log
    }
}

task cryoet_data_ingestion_workflow {
    meta {
        description: "Converts the tomograms of a run and writes them with their metadata"
    }

    input {
        String docker_image_id
        String aws_region
        String config_file
        String input_bucket
        String output_path
        String flags
    }

    # The portal's image has its tool in a folder of its own; any other image is expected to have the example's package.
    # Both of its streams are the log, and are printed as well, in the order in which it wrote them: a failure that it
    # explains is the last line.
    # Inputs are read as the lines of a file, so that the shell takes none of them for a program. The flags come quoted
    # as on a shell's command line (--filter-run-name '^TS_001$'), and are only split like one.
    command <<<
        set -euo pipefail
        {
            for name in aws_region config_file input_bucket output_path flags; do
                IFS= read -r "$name"
            done
            ! IFS= read -r name || { echo "error: an input has more than one line" >&2; exit 1; }
        } < ~{write_lines([aws_region, config_file, input_bucket, output_path, flags])}
        python3 -c 'import shlex, sys; sys.stdout.write("".join(f"{one}\0" for one in shlex.split(sys.argv[1])))' \
            "$flags" > split-flags
        mapfile -d '' -t split_flags < split-flags
        export PYTHONUNBUFFERED=1
        export AWS_REGION="$aws_region"
        scripts=/usr/src/app/ingestion_tools/scripts
        log="$PWD/output.txt"
        ingest=(python3 -m examples.ingest)
        if [ -d "$scripts" ]; then
            cd "$scripts"
            ingest=(python3 standardize_dirs.py)
        fi
        "${ingest[@]}" convert "${split_flags[@]}" "$config_file" "$input_bucket" "$output_path" 2>&1 | tee "$log" >&2
    >>>

    output {
        File log = "output.txt"
    }

    runtime {
        docker: docker_image_id
    }
}

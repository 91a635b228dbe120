version 1.1

# Releases part of a staging bucket into a public one: the objects are copied inside S3, nothing passes through this host.
workflow sync {
    input {
        String docker_image_id
        String aws_region
        String input_bucket
        String input_path
        String output_bucket
        String output_path
        String flags = ""
        # Bytes from which objects are copied in parts: by default those above 5 GiB, which S3 copies so alone.
        Int multipart_threshold = 5368709121
    }

    call sync_files {
        input:
            docker_image_id = docker_image_id,
            aws_region = aws_region,
            input_bucket = input_bucket,
            input_path = input_path,
            output_bucket = output_bucket,
            output_path = output_path,
            flags = flags,
            multipart_threshold = multipart_threshold
    }

    output {
        File log = sync_files.log
    }
}

task sync_files {
    input {
        String docker_image_id
        String aws_region
        String input_bucket
        String input_path
        String output_bucket
        String output_path
        String flags
        Int multipart_threshold
    }

    # A dataset is tens of thousands of small objects: with the ten requests at a time of the default configuration the
    # copy would starve. The configuration is a file of this task's own, so that nothing else on the host changes.
    # Both of its streams are the log, and are printed as well.
    # Inputs are read as the lines of a file, so that the shell takes none of them for a program. The flags come quoted
    # as on a shell's command line (--exclude '*.mrc'), and are only split like one.
    command <<<
        set -euo pipefail
        {
            for name in aws_region input_bucket input_path output_bucket output_path flags multipart_threshold; do
                IFS= read -r "$name"
            done
            ! IFS= read -r name || { echo "error: an input has more than one line" >&2; exit 1; }
        } < ~{write_lines([aws_region, input_bucket, input_path, output_bucket, output_path, flags, multipart_threshold])}
        python3 -c 'import shlex, sys; sys.stdout.write("".join(f"{one}\0" for one in shlex.split(sys.argv[1])))' \
            "$flags" > split-flags
        mapfile -d '' -t split_flags < split-flags
        export AWS_REGION="$aws_region" AWS_DEFAULT_REGION="$aws_region" AWS_CONFIG_FILE="$PWD/aws-config"
        aws configure set default.s3.max_concurrent_requests 100
        aws configure set default.s3.max_queue_size 10000
        # The sync of a mistyped folder would succeed and, with --delete, empty its destination. A key that ends in / is
        # a folder's marker, which the sync doesn't copy either.
        objects=$(aws s3api list-objects-v2 --bucket "$input_bucket" --max-items 1000 \
            --prefix "${input_path:+$input_path/}" \
            --query 'Contents[?Size > `0` || !ends_with(Key, `/`)] | [0].Key' --output json)
        if [ -z "$objects" ] || [ "$objects" = null ]; then
            echo "error: input_path: s3://$input_bucket/$input_path has no objects; nothing was touched" >&2
            exit 1
        fi
        # Copied in parts by version 1 of the AWS CLI, an object loses its Content-Type, metadata and tags.
        aws configure set default.s3.multipart_threshold "$multipart_threshold"
        sync=(aws --cli-read-timeout 900 s3 sync "${split_flags[@]}"
            "s3://$input_bucket/$input_path" "s3://$output_bucket/$output_path")
        if aws --version 2>&1 | grep -q '^aws-cli/1\.'; then
            aws s3api list-objects-v2 --bucket "$input_bucket" --prefix "${input_path:+$input_path/}" \
                --query "Contents[?Size >= \`$multipart_threshold\`].Key" --output json > large-objects
            if [ "$(< large-objects)" != '[]' ]; then
                "${sync[@]}" --dryrun > planned
                python3 -c '
        import json, sys
        lines = open("planned").read().splitlines()
        for key in json.load(open("large-objects")):
            if any(line.startswith(f"(dryrun) copy: s3://{sys.argv[1]}/{key} to ") for line in lines):
                sys.exit(f"error: s3://{sys.argv[1]}/{key}: too large for one copy, and version 1 of the AWS CLI, which "
                         "this image has, would lose its metadata and tags: use portal sync, or an image with version 2; "
                         "nothing was touched")
        ' "$input_bucket"
            fi
        fi
        "${sync[@]}" --no-progress 2>&1 | tee output.txt >&2
    >>>

    output {
        File log = "output.txt"
    }

    runtime {
        docker: docker_image_id
    }
}

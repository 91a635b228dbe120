version 1.0

# Releases part of a staging bucket into a public one; the key that older clients ask for.
workflow sync {
    input {
        String docker_image_id
        String aws_region
        String input_bucket
        String input_path
        String output_bucket
        String output_path
        String flags = ""
    }

    call sync_files {
        input:
            docker_image_id = docker_image_id,
            aws_region = aws_region,
            input_bucket = input_bucket,
            input_path = input_path,
            output_bucket = output_bucket,
            output_path = output_path,
            flags = flags
    }

    # A literal and not the task's file: older clients are given the bare name.
    output {
        File log = "output.txt"
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
    }

    # The flags come quoted as on a shell's command line (--exclude '*.mrc') and are read as such.
    # Both of its streams are the log, and are printed as well.
    command <<<
        set -euo pipefail
        export AWS_REGION='~{aws_region}'
        path='~{input_path}'
        # The sync of a mistyped folder would succeed and, with --delete, empty its destination. A key that ends in / is
        # a folder's marker, which the sync doesn't copy either.
        objects=$(aws s3api list-objects-v2 --bucket '~{input_bucket}' --prefix "${path:+$path/}" --max-items 1000 \
            --query 'Contents[?Size > `0` || !ends_with(Key, `/`)] | [0].Key' --output json)
        if [ -z "$objects" ] || [ "$objects" = null ]; then
            echo "error: input_path: s3://~{input_bucket}/~{input_path} has no objects; nothing was touched" >&2
            exit 1
        fi
        aws s3 sync --no-progress ~{flags} \
            's3://~{input_bucket}/~{input_path}' 's3://~{output_bucket}/~{output_path}' 2>&1 | tee output.txt >&2
    >>>

    output {
        File log = "output.txt"
    }

    runtime {
        docker: docker_image_id
    }
}

version 1.0

# Validates a dataset in a bucket, or a dataset's sources, and leaves a report in the staging bucket.
workflow cryoet_data_validation_wf {
    input {
        String docker_image_id
        String aws_region
        String input_bucket
        String output_bucket
        String output_dir
        String dataset = ""
        String config_file = ""
        String extra_args = ""
        String flags = ""
        # "standardized" or "source"
        String test_entity
    }

    call validate {
        input:
            docker_image_id = docker_image_id,
            aws_region = aws_region,
            input_bucket = input_bucket,
            output_bucket = output_bucket,
            output_dir = output_dir,
            dataset = dataset,
            config_file = config_file,
            extra_args = extra_args,
            flags = flags,
            test_entity = test_entity
    }

    output {
        File log = validate.log
    }
}

task validate {
    meta {
        description: "Checks a dataset or its sources and writes a report"
    }

    input {
        String docker_image_id
        String aws_region
        String input_bucket
        String output_bucket
        String output_dir
        String dataset
        String config_file
        String extra_args
        String flags
        String test_entity
    }

    # The portal's image has its tests in a folder of its own and needs Java and Allure for the report; any other image
    # is expected to have the example's package.
    # Both of its streams are the log, and are printed as well, in the order in which it wrote them: a failure that it
    # explains is the last line.
    # Inputs are read as the lines of a file, so that the shell takes none of them for a program. The flags come quoted
    # as on a shell's command line (--no-multiprocessing), and are only split like one.
    command <<<
        set -euo pipefail
        {
            for name in aws_region input_bucket output_bucket output_dir dataset config_file extra_args flags \
                test_entity; do
                IFS= read -r "$name"
            done
            ! IFS= read -r name || { echo "error: an input has more than one line" >&2; exit 1; }
        } < ~{write_lines([
            aws_region, input_bucket, output_bucket, output_dir, dataset, config_file, extra_args, flags, test_entity
        ])}
        python3 -c 'import shlex, sys; sys.stdout.write("".join(f"{one}\0" for one in shlex.split(sys.argv[1])))' \
            "$flags" > split-flags
        mapfile -d '' -t split_flags < split-flags
        export PYTHONUNBUFFERED=1
        export AWS_REGION="$aws_region"
        log="$PWD/output.txt"
        case "$test_entity" in
            standardized) what=(--datasets "$dataset") ;;
            source) what=(--ingestion-config "$config_file") ;;
            *) echo "test_entity is '$test_entity', must be standardized or source" >&2; exit 1 ;;
        esac
        scripts="/usr/src/app/ingestion_tools/scripts/data_validation/$test_entity"
        validation=(python3 -m examples.validation)
        if [ -d "$scripts" ]; then
            if ! command -v allure > /dev/null; then
                allure=2.32.0
                apt-get update && apt-get install --yes default-jre-headless wget
                wget --quiet "https://github.com/allure-framework/allure2/releases/download/$allure/allure_$allure-1_all.deb"
                dpkg --install "allure_$allure-1_all.deb"
            fi >&2
            cd "$scripts"
            validation=(python3 allure_tests.py)
        fi
        "${validation[@]}" "${what[@]}" --history --input-bucket "$input_bucket" --output-bucket "$output_bucket" \
            --output-dir "$output_dir" --extra-args "$extra_args" "${split_flags[@]}" 2>&1 | tee "$log" >&2
    >>>

    output {
        File log = "output.txt"
    }

    runtime {
        docker: docker_image_id
    }
}

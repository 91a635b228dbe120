version 1.0

# Reads a dataset's metadata from its bucket into the portal's database; the key that older clients ask for.
workflow cryoet_data_dbimport {
    input {
        # The client sends the image of the ingest too; the import runs in its own.
        String docker_image_id
        String v2_docker_image_id
        String aws_region
        String s3_bucket
        String https_prefix
        String environment
        String flags = ""
    }

    call cryoet_data_dbimport_v2_workflow {
        input:
            docker_image_id = v2_docker_image_id,
            aws_region = aws_region,
            s3_bucket = s3_bucket,
            https_prefix = https_prefix,
            environment = environment,
            flags = flags
    }

    output {
        File log = cryoet_data_dbimport_v2_workflow.log
    }
}

task cryoet_data_dbimport_v2_workflow {
    meta {
        description: "Imports a dataset's metadata into the database"
    }

    input {
        String docker_image_id
        String aws_region
        String s3_bucket
        String https_prefix
        String environment
        String flags
    }

    # The portal's image has its importer in /app; any other image is expected to have the example's package.
    # The database's URI is in a secret of the environment's own, and is not written anywhere.
    # PostgreSQL's client library connects to no server but the one that the URI names: it verifies the certificate by
    # the authorities that AWS publishes for RDS, or by those that the image names in PGSSLROOTCERT.
    # Both of its streams are the log, and are printed as well, in the order in which it wrote them: a failure that it
    # explains is the last line.
    # Inputs are read as the lines of a file, so that the shell takes none of them for a program. The flags come quoted
    # as on a shell's command line (--import-everything), and are only split like one.
    command <<<
        set -euo pipefail
        {
            for name in aws_region s3_bucket https_prefix environment flags; do
                IFS= read -r "$name"
            done
            ! IFS= read -r name || { echo "error: an input has more than one line" >&2; exit 1; }
        } < ~{write_lines([aws_region, s3_bucket, https_prefix, environment, flags])}
        python3 -c 'import shlex, sys; sys.stdout.write("".join(f"{one}\0" for one in shlex.split(sys.argv[1])))' \
            "$flags" > split-flags
        mapfile -d '' -t split_flags < split-flags
        export PYTHONUNBUFFERED=1
        export AWS_REGION="$aws_region" AWS_DEFAULT_REGION="$aws_region"
        log="$PWD/output.txt"
        importer=(python3 -m examples.importer)
        if [ -d /app/db_import ]; then
            cd /app
            importer=(python3 -m db_import.importer)
        fi
        export PGSSLMODE=verify-full
        if [ -z "${PGSSLROOTCERT:-}" ]; then
            export PGSSLROOTCERT="$PWD/rds-authorities.pem"
            python3 -c 'import sys, urllib.request as web; web.urlretrieve(*sys.argv[1:])' \
                "https://truststore.pki.rds.amazonaws.com/$aws_region/$aws_region-bundle.pem" "$PGSSLROOTCERT"
        fi
        database=$(python3 -c '
        import boto3, json, sys
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=sys.argv[1])
        print(json.loads(secret["SecretString"])["db_uri"])
        ' "$environment/v2_db_uri")
        "${importer[@]}" load --postgres_url "$database" "${split_flags[@]}" "$s3_bucket" "$https_prefix" 2>&1 \
            | tee "$log" >&2
    >>>

    output {
        File log = "output.txt"
    }

    runtime {
        docker: docker_image_id
    }
}

version 1.0

# Measures every table of an environment's database, and of a copy of it that was restored from a snapshot, for
# `portal restore-drill`, which judges what it measured.
# Its file's name begins with db_import, so its jobs have the import's role: it may read the database's secret.
workflow cryoet_data_restore_drill {
    input {
        # The client sends the image of the ingest too; this runs in the import's, which has a client of PostgreSQL.
        String docker_image_id
        String v2_docker_image_id
        String aws_region
        String environment
        String copy_host
        String copy_port
    }

    call measure {
        input:
            docker_image_id = v2_docker_image_id,
            aws_region = aws_region,
            environment = environment,
            copy_host = copy_host,
            copy_port = copy_port
    }

    output {
        File report = measure.report
    }
}

task measure {
    meta {
        description: "Counts and checksums of all tables of a database and its copy"
    }

    input {
        String docker_image_id
        String aws_region
        String environment
        String copy_host
        String copy_port
    }

    # The copy has the database's name, user and password; they are read from its secret and written nowhere.
    # Rows are counted and summed up by the transaction that wrote them (xmin), which a snapshot keeps: so rows that
    # were there when it was taken are told from later ones. A table's checksum is the sum of its rows' hashes; their
    # order does not count.
    # Inputs are read as the lines of a file, so that the shell takes none of them for a program.
    command <<<
        set -euo pipefail
        {
            for name in aws_region environment copy_host copy_port; do
                IFS= read -r "$name"
            done
            ! IFS= read -r name || { echo "error: an input has more than one line" >&2; exit 1; }
        } < ~{write_lines([aws_region, environment, copy_host, copy_port])}
        export AWS_REGION="$aws_region" AWS_DEFAULT_REGION="$aws_region"
        export PGSSLMODE=verify-full
        if [ -z "${PGSSLROOTCERT:-}" ]; then
            export PGSSLROOTCERT="$PWD/rds-authorities.pem"
            python3 -c 'import sys, urllib.request as web; web.urlretrieve(*sys.argv[1:])' \
                "https://truststore.pki.rds.amazonaws.com/$aws_region/$aws_region-bundle.pem" "$PGSSLROOTCERT"
        fi
        python3 - "$environment" "$copy_host" "$copy_port" > report.json <<'PROGRAM'
        import json, sys
        import boto3, psycopg
        from psycopg import sql

        OPTIONS = "-c default_transaction_read_only=on -c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres"
        TABLES = """
            SELECT namespace.nspname, relation.relname, relation.xmin::text, (
                SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
                FROM pg_attribute WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
            )
            FROM pg_class AS relation JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
            WHERE relkind = 'r' AND relpersistence <> 't'
                AND nspname <> 'information_schema' AND nspname !~ '^pg_'
            ORDER BY 1, 2
        """
        ROWS = """
            SELECT drilled_row.xmin::text, count(*),
                sum(('x' || left(md5(drilled_row::text), 16))::bit(64)::bigint::numeric)::text
            FROM {} AS drilled_row GROUP BY drilled_row.xmin
        """

        def measured(connection):
            tables = {}
            for schema, name, xmin, columns in connection.execute(TABLES).fetchall():
                rows = connection.execute(sql.SQL(ROWS).format(sql.Identifier(schema, name))).fetchall()
                groups = {written_by: [count, checksum] for written_by, count, checksum in rows}
                tables[f"{schema}.{name}"] = {"xmin": xmin, "columns": columns, "rows": groups}
            next_xid = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()[0]
            return {"next_xid": next_xid, "tables": tables}

        def written_by(measures):
            return {xid for one in measures["tables"].values() for xid in (one["xmin"], *one["rows"])}

        def full(xid, next_xid):
            # With the part that xmin leaves out; at most half a round of the counter before or after the next one.
            return next_xid + (int(xid) - next_xid + 2**31) % 2**32 - 2**31

        def outcomes(connection, running, copy):
            # What the copy knows of the transactions that wrote what it does not have.
            next_xid = int(copy["next_xid"])
            newest = max((full(xid, next_xid) for xid in written_by(copy)), default=0)
            missing = {xid: full(xid, next_xid) for xid in written_by(running) - written_by(copy)}
            ask = {str(whole) for whole in missing.values() if whole <= newest}
            query = "SELECT whole, coalesce(pg_xact_status(whole::xid8), 'old') FROM unnest(%s::text[]) AS whole"
            known = dict(connection.execute(query, [sorted(ask)]).fetchall())
            return {xid: known.get(str(whole), "later") for xid, whole in missing.items()}

        environment, copy_host, copy_port = sys.argv[1:]
        client = boto3.client("secretsmanager")
        secret = json.loads(client.get_secret_value(SecretId=f"{environment}/v2_db_uri")["SecretString"])
        login = {"user": secret["user"], "password": secret["password"], "dbname": secret["name"], "options": OPTIONS}
        with psycopg.connect(host=secret["host"], port=secret["port"], autocommit=True, **login) as connection:
            running = measured(connection)
        with psycopg.connect(host=copy_host, port=copy_port, autocommit=True, **login) as connection:
            copy = measured(connection)
            copy["outcomes"] = outcomes(connection, running, copy)
        json.dump({"running": running, "copy": copy}, sys.stdout)
        PROGRAM
    >>>

    output {
        File report = "report.json"
    }

    runtime {
        docker: docker_image_id
    }
}

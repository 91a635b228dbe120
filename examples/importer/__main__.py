"""The command line: what is read is printed as JSON, a row a line, where the portal's importer would write it."""

import json
import sys

from examples.command_line import fail, ignored
from examples.importer.arguments import WITHOUT_EFFECT, parser, wanted
from examples.importer.rows import rows
from examples.ingest.bucket import Bucket
from examples.ingest.errors import InvalidInputFileError


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 with a line of JSON at the end of stderr."""
    command = parser()
    given = command.parse_args(arguments)
    for line in ignored(given, WITHOUT_EFFECT):
        sys.stderr.write(f"{line}\n")
    try:
        what = wanted(given)
    except ValueError as error:
        command.error(str(error))
    bucket = Bucket(what.bucket, anonymous=what.anonymous, endpoint_url=what.endpoint_url)
    try:
        for row in rows(bucket, what):
            sys.stdout.write(json.dumps(row) + "\n")
    except InvalidInputFileError as error:
        return fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())

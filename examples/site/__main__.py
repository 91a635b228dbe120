"""
Serves the page: `python -m examples.site`.

API_URL_V2 is the URL of the API's /graphql, ENV the environment's name (local, dev, staging or prod). Left out, PORT is
8080, HOST every address, LOG_LEVEL INFO.
"""

import os
import sys

from examples.asgi import required, serve
from examples.site.api import Api
from examples.site.app import application

PORT = 8080


def main() -> int:
    """Exit status: 2 with a line on stderr if a variable is wrong. SIGTERM ends it once requests are answered."""
    try:
        url, environment = (required(os.environ, name) for name in ("API_URL_V2", "ENV"))
        serve(application(Api(url), environment), os.environ, PORT)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m localcloud.provider`: the plugin process. The engine's address and flags on the command line are not
needed."""

from localcloud.provider.server import serve

serve()

"""`python -m localcloud.provider_eks`: the plugin process. The engine's address and flags on the command line are not
needed."""

import gc

from localcloud.provider_eks.server import run

gc.freeze()  # what is loaded stays
run()

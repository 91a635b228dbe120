"""`python -m localcloud`: the command line."""

from localcloud.app import main

main()

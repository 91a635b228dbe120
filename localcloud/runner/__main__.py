import sys

from localcloud.runner.main import main

sys.exit(main())

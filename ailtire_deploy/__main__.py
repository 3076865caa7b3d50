"""``python -m ailtire_deploy`` is ``ailtire-deploy``."""

import sys

from ailtire_deploy.cli import main

sys.exit(main())

"""A stack's controller: the loop that keeps it as defined, and what it answers (``update shutdown status
…``).
"""

from ailtire_deploy.controller.answers import Controller
from ailtire_deploy.controller.loop import Loop
from ailtire_deploy.controller.offers import Offers

__all__ = ["Controller", "Loop", "Offers"]

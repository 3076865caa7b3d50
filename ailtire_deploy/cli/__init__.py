"""The command line: the only place that makes the real objects. Nothing imports it.

``--help`` has to come at once, so nothing heavy is imported before a command needs it: ``index`` knows the
commands by name, each stands in a module of its own, and imports what it uses in the function that uses it.
"""

from ailtire_deploy.cli.entry import main

__all__ = ["main"]

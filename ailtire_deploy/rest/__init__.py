"""The REST surface of a controller: ``app(controller)`` makes it, ``serve(app, port, stop)`` runs it."""

from ailtire_deploy.rest.protocol import Accepted, Controller, Stop

__all__ = ["Accepted", "Controller", "Stop"]

"""The REST surface of a controller: ``app(controller)`` makes it, ``serve(app, port, stop)`` runs it."""

from ailtire_deploy.rest.application import app
from ailtire_deploy.rest.endpoints import ENDPOINTS
from ailtire_deploy.rest.protocol import Accepted, Controller, Stop
from ailtire_deploy.rest.server import serve

__all__ = ["ENDPOINTS", "Accepted", "Controller", "Stop", "app", "serve"]

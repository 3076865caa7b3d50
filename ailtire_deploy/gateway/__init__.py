"""What runs in a gateway's container: HAProxy, and the agent that has it follow its controller.

The agent starts HAProxy from the configuration its container was made with, asks the controller for newer
ones, checks each with HAProxy itself, has it take over without closing a port, and says which one is live.
"""

from ailtire_deploy.gateway.agent import serve

__all__ = ["serve"]

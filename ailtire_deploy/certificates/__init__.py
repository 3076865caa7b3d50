"""Certificates with their private keys: whether one can serve, and how it travels to the proxy that does.

Nothing here shows anything of a key. ``cryptography`` comes in through here alone, and only when a
certificate is at hand: commands without one start without it.
"""

from ailtire_deploy.certificates.examination import Examined, examine
from ailtire_deploy.certificates.transport import NONCE, opened, sealed

__all__ = ["NONCE", "Examined", "examine", "opened", "sealed"]

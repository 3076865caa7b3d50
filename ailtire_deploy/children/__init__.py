"""The controllers around one: signed calls to the children below and to the parent above."""

from ailtire_deploy.children.calls import HttpChildren

__all__ = ["HttpChildren"]

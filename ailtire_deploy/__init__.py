"""Declarative, nested application stacks on Docker Swarm."""

__version__ = "0.1.0"

"""Whole trees on a real swarm, looked at from outside and from inside their containers."""

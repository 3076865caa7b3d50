"""ailtire-deploy: declarative, nested stacks on Docker Swarm."""

__version__ = "0.1.0"

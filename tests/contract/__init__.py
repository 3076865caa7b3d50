"""What an engine does, told once and tried on the model and on a real swarm."""

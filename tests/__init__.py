"""The tests: pure modules by value, the engine contract and whole trees on a real swarm."""

"""What goes wrong between us and the engine, on purpose."""

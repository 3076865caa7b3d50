"""The command line as its user meets it: a process, its streams and its exit code."""

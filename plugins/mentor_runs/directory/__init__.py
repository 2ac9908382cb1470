"""A run on disk: everything a run keeps, whole after Ctrl-C and kill."""

"""Settings: from files and flags to the checked configuration of a run."""

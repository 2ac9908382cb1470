"""What everything else stands on: errors, files, processes, code of others."""

"""mentor's own commands: run, eval, show and the listings."""

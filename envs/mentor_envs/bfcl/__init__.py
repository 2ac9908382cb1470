"""BFCL: the Berkeley Function-Calling Leaderboard's questions, each with its own functions."""

"""How embedded students are made: demonstrations of weak players, and a small decoder."""

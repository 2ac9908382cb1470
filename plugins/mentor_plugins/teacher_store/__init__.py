"""The teacher store: one SQLite file with attempts of teachers and a ledger of their requests."""

"""What a plugin implements, and what it is handed. Imports nothing above."""

"""Parsers: the formats in which model families write tool calls."""

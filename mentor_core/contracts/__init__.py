"""Contracts: classes that plugins implement, with their types. Imports nothing above."""

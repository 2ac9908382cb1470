"""Retrieval: questions over several documents, and two tools to find and read them."""

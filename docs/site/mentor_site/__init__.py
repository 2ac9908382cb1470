"""Pages of the documentation site that are made from the code: the gallery and the reference."""

"""Methods put to the test: promises of every part of a method, and of teachers."""

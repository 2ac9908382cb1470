"""Methods put to the test: promises of composers, credits, objectives and teachers."""

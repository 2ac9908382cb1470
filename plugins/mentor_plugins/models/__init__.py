"""Language models: loading, chat templates and formats of conversations."""

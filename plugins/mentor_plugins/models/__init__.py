"""Language models: how they are loaded, and how they read and write conversations."""

"""The promises of every environment, checked on episodes played in the environment."""

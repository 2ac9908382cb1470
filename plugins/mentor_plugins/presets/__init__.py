"""Built-in reward presets: the TOML files of this folder."""

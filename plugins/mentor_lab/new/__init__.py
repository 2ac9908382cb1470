"""New packages: `mentor new KIND NAME` fills in templates."""

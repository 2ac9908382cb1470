"""Gates: they look at a call before the call is executed."""

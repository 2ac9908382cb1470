"""What every reward term promises, and cheap tricks that must not pay."""

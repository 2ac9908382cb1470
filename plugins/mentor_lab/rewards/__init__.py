"""The promises of every reward term, and cheap tricks that must not pay."""

"""What every environment promises, checked on episodes that are played in it."""

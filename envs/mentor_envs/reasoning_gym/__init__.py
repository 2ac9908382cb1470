"""reasoning_gym: its procedural datasets as environments."""

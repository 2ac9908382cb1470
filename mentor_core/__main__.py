"""`python -m mentor_core`, which `accelerate launch -m mentor_core run …` needs."""

from mentor_core.cli import main

main()

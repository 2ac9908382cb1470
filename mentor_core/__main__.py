"""Entry point of `mentor`, and of `python -m mentor_core`, which `accelerate launch -m` needs."""

from mentor_core.support.importing import importing

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    with importing():
        from mentor_core.cli import main as run
    run()


if __name__ == "__main__":
    main()

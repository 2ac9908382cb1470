"""Packages that a plugin needs, and that mentor does not install by default."""

from __future__ import annotations

from importlib import import_module

from mentor_core.support.errors import ConfigError

__all__ = ["require"]


def require(needed_by: str, extra: str, *packages: str) -> None:
    """Import packages, or say how to install them.

    Args:
        needed_by: the part that needs the packages, such as "environment 'webshop'".
        extra: mentor's extra that has them.
        packages: their names.

    Raises:
        ConfigError: one of them cannot be imported; names the extra.
    """
    for package in packages:
        try:
            import_module(package)
        except ImportError as error:
            raise ConfigError(
                f"{needed_by} needs {package}: pip install 'mentor-core[{extra}]' ({error})"
            ) from error

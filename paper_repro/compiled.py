"""Compiled programs survive the process, so a rerun or a worker does not compile again."""

from __future__ import annotations

from pathlib import Path

import jax


def keep_compiled(out: Path) -> None:
    """Keep JAX's compiled programs below the output folder."""
    jax.config.update("jax_compilation_cache_dir", str(out.resolve() / "cache" / "jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)

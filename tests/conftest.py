"""Every test runs in float64 and with eight forced host devices; float32 tests say so themselves."""

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis

SHARED = "SEPARATRIX_TEST_FOLDER"


def pytest_configure(config):
    if "PYTEST_XDIST_WORKER" not in os.environ:
        # One folder for all workers of this run: a quick sweep is computed, and a program compiled, once.
        os.environ[SHARED] = folder = tempfile.mkdtemp(prefix="separatrix-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count=8"
    import jax  # after the flags, which are read when the backend starts

    jax.config.update("jax_enable_x64", True)
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(Path(os.environ[SHARED]) / "jax"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    # Compilation dominates the first example, so a deadline would only measure the compiler.
    hypothesis.settings.register_profile("house", deadline=None, max_examples=40, derandomize=True)
    hypothesis.settings.load_profile("house")

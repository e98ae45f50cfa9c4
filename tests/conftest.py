"""Every test runs in float64 and with eight forced host devices; float32 tests say so themselves."""

import gc
import itertools
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import hypothesis

SHARED = "SEPARATRIX_TEST_FOLDER"
MAPS = Path("/proc/self/maps")
# Most of what tests compile runs once: hardly optimised, in one piece (every core has a worker of its own), and by the
# older code generator where there still is one, it costs half as much. XLA ends the process at a flag that it does not
# know; of flags given twice the later wins.
QUICKLY = "--xla_backend_optimization_level=1"
KNOWN_TO_0_10 = " --xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
TESTS_RUN = itertools.count(1)


def pytest_configure(config):
    if "PYTEST_XDIST_WORKER" not in os.environ:
        # One folder for all workers of this run: a quick sweep is computed, and a program compiled, once.
        os.environ[SHARED] = folder = tempfile.mkdtemp(prefix="separatrix-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    flags = os.environ.get("XLA_FLAGS", "")
    quickly = QUICKLY + KNOWN_TO_0_10 * version("jaxlib").startswith("0.10.")
    os.environ["XLA_FLAGS"] = f"{quickly} {flags} --xla_force_host_platform_device_count=8"
    import jax  # after the flags, which are read when the backend starts

    jax.config.update("jax_enable_x64", True)
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(Path(os.environ[SHARED]) / "jax"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    # Compilation dominates the first example, so a deadline would only measure the compiler.
    hypothesis.settings.register_profile("house", deadline=None, max_examples=40, derandomize=True)
    hypothesis.settings.load_profile("house")


def pytest_runtest_teardown(item, nextitem):
    """Let compiled programs go before they are too many: Linux allows a process 65530 memory maps, each program
    holds several, and XLA crashes when it gets no more."""
    if next(TESTS_RUN) % 10 == 0 and MAPS.exists() and MAPS.read_bytes().count(b"\n") > 20_000:
        import jax

        jax.clear_caches()
        gc.collect()

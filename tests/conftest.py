"""Every test runs in float64 and with eight forced host devices; float32 tests say so themselves."""

import os

import hypothesis


def pytest_configure(config):
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count=8"
    import jax  # after the flags, which are read when the backend starts

    jax.config.update("jax_enable_x64", True)
    # Compilation dominates the first example, so a deadline would only measure the compiler.
    hypothesis.settings.register_profile("house", deadline=None, max_examples=40, derandomize=True)
    hypothesis.settings.load_profile("house")

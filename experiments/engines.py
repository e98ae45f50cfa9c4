"""Engines: where shards run. Each takes specs and yields them back with a receipt or the exception they ended in.

No engine knows of files, retries or progress, and none changes a number: a shard's file depends on its spec alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed

from experiments.errors import UserError
from experiments.shard import Receipt, ShardSpec, run_shard

Outcome = tuple[ShardSpec, Receipt | Exception]
Engine = Callable[[Sequence[ShardSpec]], Iterator[Outcome]]
NAMES = ("serial", "processes", "dask")


def serial(specs: Sequence[ShardSpec]) -> Iterator[Outcome]:
    """One shard after another in this process, each laid over all local devices."""
    for spec in specs:
        try:
            yield spec, run_shard(spec)
        except Exception as error:
            yield spec, error


def _on(executor: Executor, specs: Sequence[ShardSpec], run: Callable = run_shard) -> Iterator[Outcome]:
    futures = {executor.submit(run, spec): spec for spec in specs}
    try:
        for future in as_completed(futures):
            error = future.exception()
            if isinstance(error, BaseException) and not isinstance(error, Exception):
                raise error
            yield futures[future], error or future.result()
    finally:
        for future in futures:
            future.cancel()


def start_worker(threads: int) -> None:
    """Give a worker its share of the cores, leave Ctrl-C to the parent, and end when the parent ends."""
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen={'false' if threads == 1 else 'true'}"
    os.environ["OMP_NUM_THREADS"] = str(threads)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def processes(specs: Sequence[ShardSpec], workers: int | None = None) -> Iterator[Outcome]:
    """Shards in `workers` fresh processes of this machine (default: one per core)."""
    cores = os.cpu_count() or 1
    workers = min(workers or cores, len(specs)) or 1
    with ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_worker,
        initargs=(max(1, cores // workers),),
    ) as pool:
        yield from _on(pool, specs)


def _run_on_dask(spec: ShardSpec) -> Receipt:
    import dask

    # Inside a worker xarray would lock every file it writes through the cluster, buffers in memory included.
    with dask.config.set(scheduler="synchronous"):
        return run_shard(spec)


def dask(specs: Sequence[ShardSpec], workers: int | None = None, address: str | None = None) -> Iterator[Outcome]:
    """Shards on a Dask cluster at `address`, or on a local one; the store must be on a file system all workers see."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UserError("Engine `dask` needs the optional packages: pip install 'separatrix[cluster]'.") from error
    if address is not None:
        with Client(address) as client:
            yield from _on(client.get_executor(pure=False), specs, _run_on_dask)
        return
    cores = workers or os.cpu_count() or 1
    with (
        LocalCluster(n_workers=cores, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield from _on(client.get_executor(pure=False), specs, _run_on_dask)


def named(name: str, workers: int | None = None, address: str | None = None) -> Engine:
    """The engine a user asked for by name."""
    if workers is not None and workers < 1:
        raise UserError(f"Argument `workers` must be at least 1, but is {workers}.")
    if name == "serial":
        return serial
    if name == "processes":
        return lambda specs: processes(specs, workers)
    if name == "dask":
        return lambda specs: dask(specs, workers, address)
    raise UserError(f"Unknown engine {name!r}: choose one of {', '.join(NAMES)}.")

"""What a worker's child processes really use, looked at from outside: not by the worker's own watch."""

from __future__ import annotations

import threading

import psutil


class Sampler(threading.Thread):
    """The largest resident size of any one child process of a worker, looked at every 20 ms, from `with` to the end of it."""

    def __init__(self, worker_pid: int) -> None:
        super().__init__(name="resident size", daemon=True)
        self._worker, self._stop_now = psutil.Process(worker_pid), threading.Event()
        self.peak_bytes = self.samples = 0

    def run(self) -> None:
        while not self._stop_now.wait(0.02):
            for child in self._worker.children(recursive=True):
                try:
                    self.peak_bytes = max(self.peak_bytes, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            self.samples += 1

    def __enter__(self) -> Sampler:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_now.set()
        self.join()

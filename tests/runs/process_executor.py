"""A second executor: one process of its own, which is sent requests and gives back paths."""

import itertools
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from medialab.errors import CancelledError, MediaLabError
from medialab.process.events import Event
from medialab.runs.executor import Executor
from medialab.runs.plain import event_from_plain

ROOT = Path(__file__).resolve().parents[2]
ENDS = {"done", "failed", "cancelled"}


class ProcessJob:
    """A request that waits for the process, or is made there."""

    def __init__(self, name, label, request, executor):
        self.name, self.label, self.request = name, label or name, request
        self.state, self.traceback = "queued", ""
        self.started = self.ended = None
        self.future = Future()
        self._executor = executor

    @property
    def seconds(self):
        if self.started is None:
            return 0.0
        return (self.ended or time.monotonic()) - self.started

    def cancel(self, *, keep=False):
        self._executor.cancel(self.name)

    def result(self, timeout=None):
        return self.future.result(timeout)

    def error(self, timeout=None):
        return self.future.exception(timeout)


class ProcessExecutor(Executor):
    """Sends one request after another to a process; those that wait can be moved here."""

    takes_resolved = True

    def __init__(self, models, outputs):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.runs.worker", str(models), str(outputs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._listeners, self._waiting, self._running = [], [], None
        self._is_closed = False
        self._reader = threading.Thread(target=self._read, name="answers", daemon=True)
        self._reader.start()

    def submit(self, request, *, label=""):
        if self._is_closed:
            message = "this executor is closed"
            raise MediaLabError(message)
        job = ProcessJob(f"task {next(self._numbers)}", label, request, self)
        with self._lock:
            self._tell(Event("queued", job.name))
            self._waiting.append(job)
            self._send_next()
        return job

    def listen(self, listener):
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def jobs(self):
        with self._lock:
            return [*([self._running] if self._running else []), *self._waiting]

    def cancel(self, name):
        with self._lock:
            if self._running is not None and self._running.name == name:
                self._send({"cancel": name})
            waiting = next((job for job in self._waiting if job.name == name), None)
            if waiting is None:
                return
            self._waiting.remove(waiting)
        error = CancelledError(f"{name} was cancelled before it began")
        self._end(waiting, Event("cancelled", name, error=error))

    def move(self, name, place):
        with self._lock:
            job = next((job for job in self._waiting if job.name == name), None)
            if job is not None:
                self._waiting.remove(job)
                self._waiting.insert(max(place, 0), job)

    def close(self):
        self._is_closed = True
        self.cancel_all()
        self._process.stdin.close()
        self._reader.join()
        self._process.wait()
        self._process.stdout.close()

    def _send_next(self):
        if self._running is None and self._waiting:
            job = self._running = self._waiting.pop(0)
            self._send({"name": job.name, "request": job.request.as_json()})

    def _send(self, message):
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _read(self):
        for line in self._process.stdout:
            event = event_from_plain(json.loads(line))
            job = self._running
            if event.kind in ENDS:
                with self._lock:
                    self._running = None
                self._end(job, event)
                with self._lock:
                    self._send_next()
                continue
            if event.kind == "started":
                job.state, job.started = "running", time.monotonic()
            self._tell(event)

    def _end(self, job, event):
        job.state, job.ended = event.kind, time.monotonic()
        self._tell(event)
        if event.error is not None:
            job.future.set_exception(event.error)
        else:
            job.future.set_result(event.result)

    def _tell(self, event):
        for listener in list(self._listeners):
            listener(event)

"""When does an operation count, and how is it recorded? The rules of `harness/src/trial/turn.rs`.

The gate opens for all actors; when every one has begun (and the dropped part is over) the window opens
in which operations count. An operation belongs to the window in which it *started*: after the end nobody
starts another, and what is in flight is awaited and recorded with its true time. One clock read an
operation: the end of one is the start of the next, so waits in every queue count.

During a slice an actor only appends: the instant to an array, and what it did (its *deed*) to a list.
Counting and digesting happen afterwards, outside the window, and are left out of the CPU that is told.
It must not know what an operation does, nor what executes it.
"""

import sys
import threading
import time
from array import array
from collections import Counter

from .digest import plus

now_ns = time.monotonic_ns
# Of each figure, in one answer.
MOST_VALUES = 1000
# How often an actor that has begun looks whether all others have.
LOOK_AGAIN_NS = 200_000


class Window:
    """What all turns of one slice share."""

    def __init__(self, actors, duration_ns, drop_ns, cpu_ns):
        self.length_ns = max(duration_ns - drop_ns, 1)
        self.cpu_ns = cpu_ns
        # The stage sets it: called once, by whoever is the last to be quiet.
        self.all_quiet = None
        self.cpu_from_ns = self.cpu_until_ns = None
        # The window's beginning; None until every actor has begun.
        self.from_ns = None
        self.awaited = self.working = actors
        # Actors may be threads; it is taken a few times a slice, not by operations.
        self.lock = threading.Lock()
        self.started_ns = now_ns()
        self.earliest_ns = self.started_ns + drop_ns
        self.turns = [Turn(self, self.started_ns) for _ in range(actors)]

    def begin(self):
        """One more actor has begun; the last one opens the window."""
        with self.lock:
            self.awaited -= 1
            if self.awaited == 0:
                self.from_ns = max(now_ns(), self.earliest_ns)

    def enter(self):
        """Whether the caller is the first inside; it has then read the CPU clock."""
        with self.lock:
            first = self.cpu_from_ns is None
            if first:
                self.cpu_from_ns = self.cpu_ns()
            return first

    def leave(self):
        """The first one whose time is up reads the CPU clock again."""
        with self.lock:
            if self.cpu_until_ns is None:
                self.cpu_until_ns = self.cpu_ns()

    def quiet(self):
        """One more actor is quiet; the last one says so."""
        with self.lock:
            self.working -= 1
            last = self.working == 0
        if last:
            self.all_quiet()

    def cpu_inside_ns(self):
        """CPU time between the window's ends; 0 when nobody passed both."""
        if self.cpu_from_ns is None or self.cpu_until_ns is None:
            return 0
        return max(self.cpu_until_ns - self.cpu_from_ns, 0)


class Turn:
    """One actor's permission to work in one slice."""

    __slots__ = (
        "window", "gate_ns", "last_ns", "boundary_ns", "until_ns", "ends_ns", "deeds",
        "begun", "first_inside", "resumed_ns", "over", "error",
    )  # fmt: skip

    def __init__(self, window, gate_ns):
        self.window = window
        self.gate_ns = self.last_ns = self.boundary_ns = gate_ns
        self.until_ns = 0
        self.ends_ns = array("q")
        self.deeds = []
        self.begun = self.over = False
        # How many operations came before the window, and when the first inside it started.
        self.first_inside = None
        self.resumed_ns = 0
        self.error = None

    def next(self):
        """Whether the actor may start another operation. Must be asked before each."""
        return self.last_ns < self.boundary_ns or self._cross()

    def done(self, deed):
        """An operation has ended; this is what it did."""
        self.last_ns = now_ns()
        self.ends_ns.append(self.last_ns)
        self.deeds.append(deed)

    def end(self, error=None):
        """The actor is quiet: it was told to stop, or an operation failed."""
        self._begin()
        self.over, self.error = True, error
        self.window.quiet()

    def _begin(self):
        if not self.begun:
            self.begun = True
            self.window.begin()

    def _cross(self):
        """The actor begins, or its time has passed a boundary: into the window, or out of it."""
        self._begin()
        window = self.window
        if self.first_inside is None:
            from_ns = window.from_ns
            if from_ns is None or self.last_ns < from_ns:
                self.boundary_ns = self.last_ns + LOOK_AGAIN_NS if from_ns is None else from_ns
                return True
            self.first_inside = len(self.ends_ns)
            self.boundary_ns = self.until_ns = from_ns + window.length_ns
            if window.enter():
                # The reading takes time; it is nobody's operation.
                self.last_ns = now_ns()
            self.resumed_ns = self.last_ns
            if self.last_ns < self.boundary_ns:
                return True
        window.leave()
        return False


class Totals:
    """What the actors of a trial have done so far."""

    def __init__(self, work, actors):
        self.work = work
        self.actors = [[0, 0] for _ in range(actors)]
        self.early = 0
        self.recorder_bytes = 0
        # CPU time that went into counting and digesting, which is ours and not the runner's.
        self.own_ns = 0

    def account(self, window):
        """Counts a slice whose actors are quiet, or were given up; the reply's fields."""
        began_ns, ended_ns = time.process_time_ns(), now_ns()
        times, operations, completed, kept_bytes = Counter(), 0, 0, 0
        figures = {}
        for actor, turn in enumerate(window.turns):
            operations += len(turn.deeds)
            kept_bytes += turn.ends_ns.itemsize * len(turn.ends_ns) + sys.getsizeof(turn.deeds)
            times.update(self._times(actor, turn))
            completed += _completed(turn)
            self._digest(actor, turn.deeds)
            self._enter(figures, turn.deeds)
        unfinished = [turn for turn in window.turns if not turn.over]
        self.recorder_bytes = max(self.recorder_bytes, kept_bytes)
        reply = {
            "started_ns": window.started_ns,
            "ended_ns": ended_ns,
            "window_ns": window.length_ns,
            "operations": operations,
            "completed": completed,
            "recorded": times.total(),
            "cpu_ns": window.cpu_inside_ns(),
            "unrecorded": 0,
            "unfinished": len(unfinished),
            "oldest_unfinished_ns": max((ended_ns - turn.last_ns for turn in unfinished), default=0),
            "counts": sorted(times.items()),
            "figures": {name: _few(values) for name, values in figures.items()},
        }
        self.own_ns += time.process_time_ns() - began_ns
        return reply

    def _times(self, actor, turn):
        """The time of each operation that started inside the window, less what it asked to wait."""
        start_ns, index = turn.gate_ns, self.actors[actor][0]
        for number, end_ns in enumerate(turn.ends_ns):
            inside = turn.first_inside is not None and number >= turn.first_inside
            if inside and number == turn.first_inside:
                start_ns = turn.resumed_ns
            took_ns = end_ns - start_ns
            asked_ns = self.work.asked_ns(actor, index + number)
            self.early += took_ns < asked_ns
            if inside:
                yield max(took_ns - asked_ns, 0) if self.work.lateness else took_ns
            start_ns = end_ns

    def _enter(self, figures, deeds):
        """Gathers what a workload reports besides its times."""
        if hasattr(self.work, "figures"):
            for deed in deeds:
                for name, value in self.work.figures(deed).items():
                    figures.setdefault(name, []).append(value)

    def _digest(self, actor, deeds):
        total = self.actors[actor]
        for deed in deeds:
            total[1] = plus(total[1], self.work.digest(actor, total[0], deed))
            total[0] += 1


def _few(values):
    """All values, or evenly so many that there are no more than an answer may hold."""
    return values[:: -(-len(values) // MOST_VALUES)] if values else values


def _completed(turn):
    """Operations that ended inside the window; the one that opened it started before."""
    if turn.first_inside is None:
        return 0
    ends_ns = turn.ends_ns[max(turn.first_inside - 1, 0) :]
    return sum(end_ns < turn.until_ns for end_ns in ends_ns)

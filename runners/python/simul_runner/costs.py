"""What did the processes of this trial cost, and what does it wait with? Read from the kernel."""

import os
import resource
import threading
import time

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def cpu_ns(children=()):
    """CPU time of this process and of the given ones so far."""
    # The kernel's number of another process's CPU clock: see CPUCLOCK_SCHED in posix-timers.h.
    of_others = (time.clock_gettime_ns((~pid << 3) | 2) for pid in children)
    return time.process_time_ns() + sum(of_others)


def read(children=()):
    """The costs that a finished trial tells, summed over this process and the given ones."""
    own, status = resource.getrusage(resource.RUSAGE_SELF), _status("/proc/self/status")
    costs = {
        "user_ns": int(own.ru_utime * 1e9),
        "system_ns": int(own.ru_stime * 1e9),
        "voluntary_switches": own.ru_nvcsw,
        "involuntary_switches": own.ru_nivcsw,
        # Not `ru_maxrss`: it keeps the size that the process had before `exec`.
        "peak_rss_bytes": status.get("VmHWM", 0) * 1024,
        "threads": status.get("Threads", 0),
    }
    for pid in children:
        for name, value in _of_other(pid).items():
            costs[name] += value
    return costs


def _of_other(pid):
    """The same for a process that cannot be asked itself; its times are counted in ticks."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        # The name, in parentheses, may hold anything; user and system time are fields 14 and 15.
        fields = stat.read().rpartition(")")[2].split()
    tasks = [_status(f"/proc/{pid}/task/{task}/status") for task in os.listdir(f"/proc/{pid}/task")]
    status = _status(f"/proc/{pid}/status")
    return {
        "user_ns": int(fields[11]) * TICK_NS,
        "system_ns": int(fields[12]) * TICK_NS,
        "voluntary_switches": sum(task.get("voluntary_ctxt_switches", 0) for task in tasks),
        "involuntary_switches": sum(task.get("nonvoluntary_ctxt_switches", 0) for task in tasks),
        "peak_rss_bytes": status.get("VmHWM", 0) * 1024,
        "threads": status.get("Threads", 0),
    }


def _status(path):
    """The numbers of a `status` file by name."""
    numbers = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as status:
            for line in status:
                name, _, value = line.partition(":")
                first = value.split()[:1]
                if first and first[0].isdigit():
                    numbers[name] = int(first[0])
    except FileNotFoundError:
        # A thread that has just ended.
        pass
    return numbers


# System calls that wait, by their numbers on x86-64 and, where they differ, on 64-bit ARM.
WAITS = {
    "x86_64": {232: "epoll", 281: "epoll", 441: "epoll", 426: "io_uring", 7: "poll", 271: "poll"},
    "aarch64": {22: "epoll", 441: "epoll", 426: "io_uring", 73: "poll"},
}


def backend_of(wait):
    """What the main thread waits with, looked up while it does: `wait` must take some milliseconds."""
    numbers, seen = WAITS.get(os.uname().machine, {}), []
    path = f"/proc/self/task/{threading.main_thread().native_id}/syscall"

    def look():
        time.sleep(0.002)
        try:
            with open(path, encoding="ascii") as call:
                seen.append(numbers.get(int(call.read().split()[0])))
        except (OSError, ValueError, IndexError):
            # This kernel does not tell, or the thread was running.
            pass

    for _ in range(5):
        watcher = threading.Thread(target=look)
        watcher.start()
        wait()
        watcher.join()
        if seen and seen[-1]:
            return seen[-1]
    return None

"""Starts a trial of the runner that the spec names. See `simul_runner` for what stands where."""

from simul_runner import on_asyncio, on_processes, on_threads, on_uvloop, trial

STAGES = {
    "asyncio": on_asyncio.Stage,
    "asyncio-uvloop": on_uvloop.Stage,
    "python-threads": on_threads.Stage,
    "python-processes": on_processes.stage,
}

if __name__ == "__main__":
    trial.main(STAGES)

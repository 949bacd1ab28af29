// What time is it? The host's monotonic clock in nanoseconds, and this process's CPU clock.

const [ORIGIN_S] = process.hrtime();

/** Nanoseconds on CLOCK_MONOTONIC since this process's first second: exact as a number for 104 days. */
export function nowNs() {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds - ORIGIN_S) * 1e9 + nanoseconds;
}

/** The same instant on CLOCK_MONOTONIC itself. */
export function absoluteNs(ns) {
  return ORIGIN_S * 1e9 + ns;
}

/** CPU time of all threads so far. */
export function cpuNs() {
  const { user, system } = process.cpuUsage();
  return 1000 * (user + system);
}

/** Waits at least so long, by Node's own timer. */
export async function sleep(delay, microseconds) {
  const untilNs = nowNs() + 1000 * microseconds;
  // Timers count whole milliseconds from the start of the loop's turn: they may come up to one too early.
  for (let leftNs = 1000 * microseconds; leftNs > 0; leftNs = untilNs - nowNs()) {
    await delay(Math.ceil(leftNs / 1e6));
  }
}

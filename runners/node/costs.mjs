// What did this process cost, and what does it wait with? Read from the kernel.

import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** What the kernel says, without the CPU time that was our own bookkeeping. */
export function costs(ownNs) {
  const status = readFileSync("/proc/self/status", "utf8");
  const field = (name) => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1] ?? 0);
  const used = process.resourceUsage();
  return {
    user_ns: Math.max(1000 * used.userCPUTime - ownNs, 0),
    system_ns: 1000 * used.systemCPUTime,
    voluntary_switches: used.voluntaryContextSwitches,
    involuntary_switches: used.involuntaryContextSwitches,
    // Not maxRSS: it keeps the size that the process had before exec.
    peak_rss_bytes: 1024 * field("VmHWM"),
    threads: field("Threads"),
  };
}

/** What the loop waits with, by the process's open descriptors. libuv waits with epoll also where it has opened a
 * ring, which takes file operations and changes to the set of descriptors. */
export function backend() {
  const links = readdirSync("/proc/self/fd").map((number) => {
    try {
      return readlinkSync(`/proc/self/fd/${number}`);
    } catch {
      return "";
    }
  });
  return links.some((link) => link.includes("eventpoll")) ? "epoll" : "blocking";
}

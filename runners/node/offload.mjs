// Where does heavy work go? To worker threads, as many as there are workers. This file is both sides: the pool,
// and what runs in each thread.

import { createHash } from "node:crypto";
import { Worker, isMainThread, parentPort } from "node:worker_threads";

/** The SHA-256 of a block of bytes, on the calling thread. */
export function hash(block) {
  return createHash("sha256").update(block).digest();
}

/** Threads that hash what they are sent; the one that has waited longest gets the next job. */
export class Pool {
  constructor(size) {
    this.idle = [];
    this.waiting = [];
    this.workers = Array.from({ length: size }, () => this.start());
  }

  start() {
    const worker = new Worker(new URL(import.meta.url));
    worker.on("message", ({ sum, block }) => {
      const { resolve } = worker.job;
      worker.job = null;
      this.idle.push(worker);
      this.dispatch();
      resolve({ sum: Buffer.from(sum), block: Buffer.from(block) });
    });
    worker.on("error", (error) => worker.job?.reject(error));
    this.idle.push(worker);
    return worker;
  }

  dispatch() {
    while (this.idle.length > 0 && this.waiting.length > 0) {
      const worker = this.idle.shift();
      worker.job = this.waiting.shift();
      const { buffer } = worker.job.block;
      worker.postMessage(buffer, [buffer]);
    }
  }

  /** Hashes a block elsewhere; the block comes back with the sum. */
  hash(block) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ block, resolve, reject });
      this.dispatch();
    });
  }

  async close() {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

if (!isMainThread) {
  parentPort.on("message", (block) => {
    const sum = new Uint8Array(hash(new Uint8Array(block)));
    parentPort.postMessage({ sum, block }, [block]);
  });
}

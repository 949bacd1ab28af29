// How does the Node server work? `node:http`, handlers on the one event loop; the routes of
// runners/PROTOCOL.md. Hashing runs on the loop's thread, as the work that it stands for does without `offload`.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sleep } from "./clock.mjs";
import { costs } from "./costs.mjs";

const MOST_BODY = 1 << 20;
const MOST_US = 60_000_000;
const MOST_KIB = 1 << 16;
const PERIOD = 251;

/** Method, and the limits of the parameters. */
const ROUTES = {
  "/echo": ["POST", {}],
  "/sleep": ["GET", { us: MOST_US }],
  "/sha256": ["GET", { kib: MOST_KIB }],
  "/mixed": ["GET", { us: MOST_US, kib: MOST_KIB }],
  "/file": ["GET", { bytes: MOST_BODY }],
  "/health": ["GET", {}],
};

const REASONS = {
  400: "bad request",
  404: "not found",
  405: "method not allowed",
  411: "length required",
  413: "content too large",
  500: "internal server error",
};

/** Bytes in which byte i is i modulo 251. */
function pattern(length) {
  return Buffer.alloc(length).map((_, at) => at % PERIOD);
}

/** It can be put behind itself: whole periods, and whole KiB. */
const PIECE = pattern(PERIOD << 10);

function hashed(kib) {
  const hash = createHash("sha256");
  for (let left = kib << 10; left > 0; left -= PIECE.length) {
    hash.update(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
  }
  return Buffer.from(hash.digest("hex"));
}

export class Server {
  static async start(spec) {
    const server = new Server();
    server.drainMs = spec.drain_ns / 1e6;
    server.stopping = false;
    const given = spec.surroundings.folder;
    server.ownFolder = given ? null : await mkdtemp(join(tmpdir(), "simul-"));
    const path = join(given ?? server.ownFolder, "pattern.bin");
    await writeFile(path, pattern(MOST_BODY));
    server.file = await open(path);
    const limits = { maxHeaderSize: 16 << 10, noDelay: true };
    // No time-outs: a connection that rests is not a fault here.
    const patience = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
    server.web = createServer({ ...limits, ...patience }, (request, response) => {
      server.handle(request, response).catch(() => response.destroy());
    });
    // Node's own closing leaves connections alone that have never asked for anything.
    server.connections = new Set();
    server.web.on("connection", (connection) => {
      server.connections.add(connection);
      connection.on("close", () => server.connections.delete(connection));
    });
    server.web.listen({ host: "127.0.0.1", port: 0, backlog: 1024 });
    await once(server.web, "listening");
    server.address = `127.0.0.1:${server.web.address().port}`;
    return server;
  }

  async handle(request, response) {
    request.socket.inFlight = true;
    response.on("close", () => (request.socket.inFlight = false));
    const { status, allow, body } = await this.reply(request);
    response.sendDate = false;
    if (allow) {
      response.setHeader("Allow", allow);
    }
    if (this.stopping || status === 411 || status === 413) {
      // After the latter two the body has not been read: what follows cannot be told apart.
      response.setHeader("Connection", "close");
    }
    const bytes = body ?? Buffer.from(REASONS[status]);
    response.writeHead(status, { "Content-Length": bytes.length });
    response.end(bytes);
  }

  async reply(request) {
    const cut = request.url.indexOf("?");
    const [path, query] =
      cut < 0 ? [request.url, ""] : [request.url.slice(0, cut), request.url.slice(cut + 1)];
    if (!Object.hasOwn(ROUTES, path)) {
      return { status: 404 };
    }
    const [method, limits] = ROUTES[path];
    if (request.method !== method) {
      return { status: 405, allow: method };
    }
    const numbers = parse(query, limits);
    if (numbers === null) {
      return { status: 400 };
    }
    if (path === "/echo") {
      return received(request);
    }
    return { status: 200, body: await this.work(numbers) };
  }

  /** Does the work of all routes but `/echo`. */
  async work({ us, kib, bytes }) {
    if (us !== undefined) {
      await sleep(delay, us);
    }
    if (kib !== undefined) {
      return hashed(kib);
    }
    if (bytes !== undefined) {
      const body = Buffer.alloc(bytes);
      if (bytes > 0) {
        await this.file.read(body, 0, bytes, 0);
      }
      return body;
    }
    return Buffer.from("ok");
  }

  /** Accepts no more, finishes what is in flight, and closes what is idle. */
  async stop() {
    this.stopping = true;
    const closed = once(this.web, "close");
    this.web.close();
    for (const connection of this.connections) {
      if (!connection.inFlight) {
        connection.destroy();
      }
    }
    await Promise.race([closed, delay(this.drainMs, null, { ref: false })]);
    await this.file.close();
    if (this.ownFolder) {
      await rm(this.ownFolder, { recursive: true });
    }
  }

  slice() {
    throw new Error("a server has no slices");
  }

  async finish() {
    const spent = costs(0);
    await this.stop();
    return { reply: "finished", actors: [], early: 0, recorder_bytes: 0, ...spent };
  }
}

/** Just these parameters, each once, each up to its limit; otherwise null. */
function parse(query, limits) {
  const numbers = {};
  for (const pair of query.split("&").filter((pair) => pair !== "")) {
    const [name, text] = pair.split(/=(.*)/s);
    const known = Object.hasOwn(limits, name) && !Object.hasOwn(numbers, name);
    if (!known || !/^[0-9]+$/.test(text ?? "") || Number(text) > limits[name]) {
      return null;
    }
    numbers[name] = Number(text);
  }
  return Object.keys(numbers).length === Object.keys(limits).length ? numbers : null;
}

/** The body of a request. */
async function received(request) {
  const coded = request.headers["transfer-encoding"] !== undefined;
  const length = Number(request.headers["content-length"] ?? 0);
  if (coded || length > MOST_BODY) {
    return { status: coded ? 411 : 413 };
  }
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return { status: 200, body: Buffer.concat(chunks) };
}

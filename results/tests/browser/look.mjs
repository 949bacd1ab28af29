// How is a page opened, and what of it counts as a fault?
//
// A look is one page in a context of its own. Everything that a page says on its console, asks of a network, or pops
// up is collected; there should be none of it. Read next: check.mjs.

import { createRequire } from "node:module";
import path from "node:path";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The order: one JSON object, as the only argument. */
export const order = JSON.parse(process.argv[2]);
const require = createRequire(path.join(order.modules, "here.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** No page of ours takes so long, even on a machine that does ten other things. */
const MOST_WAIT_MS = 30_000;
/** A phone, in its own points. */
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };

let browser;
let failures = 0;

/** One process for everything. Its sandbox needs a user of its own, which containers do not have. */
export async function start() {
  browser = await chromium.launch({ executablePath: order.chromium, chromiumSandbox: false });
  console.log(`Chromium ${browser.version()}, axe-core ${require("axe-core/package.json").version}`);
}

/** Ends the browser; returns how much failed. */
export async function end() {
  await browser?.close();
  return failures;
}

/** Says whether something holds. */
export function check(name, holds, detail = "") {
  if (!holds) failures += 1;
  console.log(holds ? `ok: ${name}` : `FAILED: ${name}: ${detail}`);
}

/** One chapter: what breaks in it fails it, and the next one begins. */
export async function chapter(name, file, options, steps) {
  const faults = [];
  const context = await browser.newContext({ viewport: DESKTOP, acceptDownloads: true, ...options });
  context.setDefaultTimeout(MOST_WAIT_MS);
  try {
    const page = await context.newPage();
    page.on("console", (message) => faults.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => {
      faults.push(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => {});
    });
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) faults.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    await steps(page, context);
  } catch (error) {
    faults.push(error.stack ?? String(error));
  } finally {
    await context.close();
  }
  check(`${name}: nothing on the console, no request, no dialog, no error`, faults.length === 0, faults.join("\n  "));
}

/** No violation that axe-core calls serious or critical. */
export async function accessible(name, page) {
  // Evaluated from outside, as the page's own policy lets no script in.
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const bad = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = bad.map(({ id, impact, help, nodes }) => {
    const some = nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`);
    return `${impact} ${id}: ${help}, ${nodes.length} times:\n    ${some.join("\n    ")}`;
  });
  check(`${name}: axe-core finds nothing serious`, bad.length === 0, `\n  ${told.join("\n  ")}`);
}

/** Nothing makes the page wider than the screen. */
export async function fits(name, page) {
  const seen = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (node) => node && (getComputedStyle(node).overflowX !== "visible" || scrolls(node.parentElement));
    const wide = [...document.querySelectorAll("body *")].filter(
      (node) => node.getBoundingClientRect().right > width + 1 && !scrolls(node.parentElement),
    );
    const names = wide.slice(0, 5).map((node) => `${node.tagName}.${node.className}#${node.id}`);
    return { whole: document.documentElement.scrollWidth, width: globalThis.innerWidth, names };
  });
  check(`${name}: no wider than the screen`, seen.whole <= seen.width, JSON.stringify(seen));
}

/** Keeps a picture for people. */
export async function keep(name, page, options = { fullPage: true }) {
  await page.screenshot({ path: path.join(order.pictures, `${name}.png`), ...options });
}

/** How light the page's ground and its text are, from 0 to 1. */
export function lightness(page) {
  return page.evaluate(() => {
    const style = getComputedStyle(document.body);
    const of = (colour) => colour.match(/[\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765;
    return { ground: of(style.backgroundColor), text: of(style.color) };
  });
}

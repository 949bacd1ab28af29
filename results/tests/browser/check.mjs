// Does a report do in a browser what it promises?
//
// It is run by ../browser.rs with one JSON object: where the modules are, which Chromium, where pictures go, the
// reports. Each thing that holds is a line, and each that does not; it ends with 1 if anything does not. Read next:
// look.mjs (how), state.mjs (what clicks do), hostile.mjs (what recorded texts may not do).

import { DESKTOP, PHONE, accessible, chapter, check, end, fits, keep, lightness, order, start } from "./look.mjs";
import { explained } from "./explained.mjs";
import { hostile } from "./hostile.mjs";
import { clicks } from "./state.mjs";

/** Where a report can be seen, and how. */
const SIGHTS = [
  { name: "light", options: { colorScheme: "light", viewport: DESKTOP } },
  { name: "dark", options: { colorScheme: "dark", viewport: DESKTOP } },
  { name: "phone", options: { colorScheme: "light", viewport: PHONE, hasTouch: true } },
  { name: "phone-dark", options: { colorScheme: "dark", viewport: PHONE, hasTouch: true } },
];

async function sight({ name, options }, page) {
  const { ground, text } = await lightness(page);
  const dark = options.colorScheme === "dark";
  check(`${name}: ground and text are as asked`, dark ? ground < 0.3 && text > 0.6 : ground > 0.9 && text < 0.4,
    `${ground} ${text}`);
  await fits(name, page);
  await accessible(name, page);
  await keep(name, page);
}

/** Without scripts, it is a document with everything in it and no dead controls. */
async function still(page) {
  const seen = await page.locator("body").innerText();
  for (const words of order.words) check(`without scripts: "${words}" is said`, seen.includes(words), "it is not");
  check("without scripts: charts", (await page.locator("svg").count()) > 3, "too few");
  const controls = page.locator("input, select, button");
  for (const control of await controls.all()) {
    check("without scripts: no control that does nothing", !(await control.isVisible()), await control.evaluate((node) => node.outerHTML.slice(0, 100)));
  }
  await fits("without scripts", page);
  await keep("without-scripts", page);
}

/** On paper it is light, without controls, and nothing is folded away. */
async function paper(page) {
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const { ground } = await lightness(page);
  check("paper: light", ground > 0.9, `${ground}`);
  const shown = await page.locator("nav:visible, button:visible, input:visible, select:visible").count();
  check("paper: no controls", shown === 0, `${shown} are shown`);
  const folded = await page.evaluate(() => {
    const hidden = (node) => [...node.children].some((child) => child.tagName !== "SUMMARY" && !child.checkVisibility());
    return [...document.querySelectorAll("details")].filter(hidden).length;
  });
  check("paper: nothing is folded away", folded === 0, `${folded} parts`);
  await page.pdf({ path: `${order.pictures}/paper.pdf`, format: "A4" });
}

/** Opened only: for reports so large that every look takes long. */
async function opened(page) {
  const cells = await page.locator("table tr").count();
  const loaded = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
  console.log(`opened: ${cells} rows of tables, ${await page.locator("svg").count()} charts, after ${Math.round(loaded)} ms`);
  check("large: it has rows", cells > 100, `${cells}`);
  await keep("large", page, {});
}

async function all() {
  await start();
  if (order.large) await chapter("large", order.large, {}, opened);
  if (order.report) {
    for (const each of SIGHTS) await chapter(each.name, order.report, each.options, (page) => sight(each, page));
    await chapter("without scripts", order.report, { javaScriptEnabled: false }, still);
    await chapter("paper", order.report, {}, paper);
    await chapter("map", order.report, {}, (page) => explained(page, order.reasons));
    await clicks(order.report, order.contest);
  }
  for (const pair of order.hostile ?? []) await hostile(pair);
}

let failures = 1;
try {
  await all();
} finally {
  failures = await end();
}
console.log(failures === 0 ? "all of it holds" : `${failures} things do not hold`);
process.exitCode = failures === 0 ? 0 : 1;

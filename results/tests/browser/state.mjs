// What do clicks do, and does the address remember them?
//
// Metric, baseline, filter, order and scale of axes: each changes what is shown, each stands in the fragment of the
// address, and the address alone brings all of it back. Read next: explained.mjs.

import { chapter, check, keep } from "./look.mjs";

/** What the heat map says, cell by cell. */
const heat = (page) =>
  page.locator("#heat td[data-runner]").evaluateAll((cells) =>
    cells.map((cell) => `${cell.dataset.runner}|${cell.dataset.contest}|${cell.className}|${cell.textContent}`));

/** The rows of the table of all cells that can be seen, in their order. */
const rows = (page) =>
  page.locator("#cells tbody tr").evaluateAll((all) =>
    all.filter((row) => row.checkVisibility()).map((row) => [...row.cells].map((cell) => cell.textContent.trim())));

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const choose = (page, metric) => page.locator(`#metric input[value="${metric}"]`).check({ force: true });
const chosen = (page) => page.locator("#metric input:checked").inputValue();
const fragment = (page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));

async function metrics(page) {
  const offered = await page.locator("#metric input").evaluateAll((all) => all.map(({ value }) => value));
  check("metric: all five", same(offered, ["p50", "p99", "cpu", "throughput", "memory"]), offered.join());
  const seen = new Set();
  for (const metric of offered) {
    await choose(page, metric);
    seen.add(JSON.stringify(await heat(page)));
    const told = fragment(page).metric ?? "p50";
    check(`metric: the address says ${metric}`, told === metric, page.url());
  }
  check("metric: each has a map of its own", seen.size === offered.length, `${seen.size} maps`);
  await page.locator('#metric input[value="p50"]').focus();
  await choose(page, "p50");
  await page.keyboard.press("ArrowRight");
  check("metric: keys choose too", (await chosen(page)) === "p99", await chosen(page));
}

async function baselines(page, contest) {
  const ratio = async (runner) => {
    const cell = page.locator(`#heat td[data-runner="${runner}"][data-contest="${contest}"]`);
    const text = await cell.textContent();
    return Number.parseFloat(text.replace(/[^\d.]*/, ""));
  };
  await choose(page, "p50");
  const before = await heat(page);
  await page.locator("#baseline").selectOption("smol");
  check("baseline: the map is another", !same(before, await heat(page)), "it is not");
  check("baseline: the address says so", fragment(page).baseline === "smol", page.url());
  // The made-up smol takes 1.15 times as long as tokio, and threads 1.30 times.
  const [tokio, smol, threads] = [await ratio("tokio"), await ratio("smol"), await ratio("threads")];
  check("baseline: itself is 1", Math.abs(smol - 1) < 0.006, `${smol}`);
  check("baseline: who is faster is below", Math.abs(tokio - 1 / 1.15) < 0.04, `${tokio}`);
  check("baseline: who is slower is above", Math.abs(threads - 1.3 / 1.15) < 0.04, `${threads}`);
}

async function filters(page) {
  const all = await rows(page);
  await page.locator("#filter").fill("Threads");
  const some = await rows(page);
  const fit = some.every((row) => row.join(" ").toLowerCase().includes("threads"));
  check("filter: fewer rows, and only such", some.length > 0 && some.length < all.length && fit, `${some.length} of ${all.length}`);
  check("filter: the address says so", fragment(page).filter === "Threads", page.url());
  await page.locator("#filter").fill("no such thing");
  check("filter: none can be left", (await rows(page)).length === 0, "some are");
  await page.locator("#filter").fill("");
  check("filter: without it all are back", same(await rows(page), all), "they are not");
}

/** A number of a table: what is no number comes last, whichever way. */
const value = (text) => Number.parseFloat(text.replaceAll(/[^\d.eE+-]/g, ""));

async function orders(page) {
  const names = await page.locator("#cells th button[data-sort]").evaluateAll((all) => all.map((one) => one.dataset.sort));
  check("order: columns have buttons", names.length >= 4, names.join());
  for (const name of names) {
    const head = page.locator(`#cells th:has(button[data-sort="${name}"])`);
    const at = await head.evaluate((cell) => cell.cellIndex);
    const seen = [];
    for (let turn = 0; turn < 2; turn += 1) {
      await head.locator("button").click();
      seen.push({ way: await head.getAttribute("aria-sort"), order: (await rows(page)).map((row) => row[at]) });
    }
    check(`order: ${name} both ways`, same(seen.map(({ way }) => way).sort(), ["ascending", "descending"]), JSON.stringify(seen.map(({ way }) => way)));
    const others = await page.locator('#cells th[aria-sort="ascending"], #cells th[aria-sort="descending"]').count();
    check(`order: ${name} alone`, others === 1, `${others}`);
    for (const { way, order } of seen) sorted(name, way, order);
  }
  check("order: the address says so", fragment(page).sort !== undefined, page.url());
}

function sorted(name, way, texts) {
  const numbers = texts.map(value).filter((number) => !Number.isNaN(number));
  const numeric = texts.filter((text) => /^[\d.]/.test(text)).length > texts.length / 3;
  if (!numeric) {
    check(`order: ${name} has every row`, texts.length > 0, "none");
    return;
  }
  const [first, last] = [numbers[0], numbers.at(-1)];
  check(`order: ${name} ${way}`, way === "ascending" ? first <= last : first >= last, texts.join(" "));
}

async function scales(page) {
  // Charts that have both axes draw both, and one of them is shown.
  const seen = () => page.evaluate(() => {
    const shown = (kind) => [...document.querySelectorAll(`svg g.${kind}`)].filter((group) => getComputedStyle(group).display !== "none").length;
    return { log: shown("log"), lin: shown("lin") };
  });
  const before = await seen();
  check("scale: logarithmic at first", before.log > 0 && before.lin === 0, JSON.stringify(before));
  await page.locator("#log").click();
  const after = await seen();
  check("scale: the other axes instead", after.log === 0 && after.lin === before.log, JSON.stringify([before, after]));
  check("scale: the address says so", fragment(page).log !== undefined, page.url());
}

/** All that can be chosen, and what it makes of the page. */
const whole = async (page) => ({
  metric: await chosen(page),
  baseline: await page.locator("#baseline").inputValue(),
  filter: await page.locator("#filter").inputValue(),
  log: await page.locator("#log").isChecked(),
  heat: await heat(page),
  rows: await rows(page),
});

async function reloads(page, context) {
  await choose(page, "cpu");
  await page.locator("#baseline").selectOption("threads");
  await page.locator("#filter").fill("closed-32");
  const before = await whole(page);
  await page.reload();
  check("reload: all is found again", same(before, await whole(page)), page.url());
  const other = await context.newPage();
  await other.goto(page.url());
  check("address: all of it opens elsewhere", same(before, await whole(other)), page.url());
  await keep("state", other, {});
  // Links within the page have fragments too.
  await other.locator('a[href^="#"]:visible').last().click();
  check("address: a link within the page loses nothing", same(before, await whole(other)), other.url());
}

async function nonsense(page) {
  const before = await whole(page);
  const address = page.url().split("#")[0];
  for (const words of ["metric=<img src=x onerror=alert(1)>&baseline=nobody&sort=__proto__&log=%", "%E0%A4%A", "metric", "a=b&=&&"]) {
    await page.goto("about:blank");
    await page.goto(`${address}#${words}`);
    const now = await whole(page);
    check(`address: '${words}' chooses nothing`, same({ ...before, log: now.log }, now), JSON.stringify({ ...now, heat: [], rows: [] }));
  }
}

/** The files that the report itself holds. */
async function downloads(page) {
  const fetched = async (id) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(`#download-${id}`).click()]);
    const parts = [];
    for await (const part of await download.createReadStream()) parts.push(part);
    return { name: download.suggestedFilename(), text: Buffer.concat(parts).toString("utf8") };
  };
  const csv = await fetched("csv");
  const lines = csv.text.trim().split("\n").length;
  const count = await page.locator("#cells tbody tr").count();
  check("download: the table has a line a cell", csv.name.endsWith(".csv") && csv.text.startsWith("cell,workload,") && lines > count, `${csv.name}: ${lines} lines, ${count} cells`);
  const json = await fetched("json");
  check("download: the other file is JSON", json.name.endsWith(".json") && typeof JSON.parse(json.text) === "object", json.name);
}

export async function clicks(report, contest) {
  await chapter("metric", report, {}, metrics);
  await chapter("baseline", report, {}, (page) => baselines(page, contest));
  await chapter("filter", report, {}, filters);
  await chapter("order", report, {}, orders);
  await chapter("scale", report, {}, scales);
  await chapter("reload", report, {}, reloads);
  await chapter("nonsense", report, {}, nonsense);
  await chapter("download", report, {}, downloads);
}

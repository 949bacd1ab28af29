// Is every cell of the heat map that is no plain number explained?
//
// Hatched cells and those without numbers say why: on hovering, and in text, for whoever cannot hover. Read next:
// hostile.mjs.

import { check } from "./look.mjs";

/** What a cell without a plain number says of itself, and whether the page says it in text as well. */
const told = () => {
  const outside = document.body.cloneNode(true);
  outside.querySelectorAll("script, style, #cells").forEach((node) => node.remove());
  const text = outside.textContent;
  return [...document.querySelectorAll("#heat td.na, #heat td.invalid")].map((cell) => ({
    name: `${cell.dataset.runner} at ${cell.dataset.contest}`,
    kind: cell.classList.contains("na") ? "na" : "invalid",
    title: cell.title,
    inText: cell.title !== "" && text.includes(cell.title),
    hatched: getComputedStyle(cell).backgroundImage !== "none",
    silent: cell.textContent.trim() === "",
  }));
};

export async function explained(page, reasons) {
  const cells = await page.evaluate(told);
  for (const kind of ["na", "invalid"]) {
    check(`map: there are cells that are ${kind}`, cells.some((cell) => cell.kind === kind), "none");
  }
  for (const { name, kind, title, inText, hatched, silent } of cells) {
    check(`map: ${name} says why`, title.length > 8, `'${title}'`);
    check(`map: ${name} says why in text`, inText, `'${title}'`);
    check(`map: ${name} is not silent`, !silent, "no text");
    if (kind === "invalid") check(`map: ${name} is hatched`, hatched, "no pattern");
  }
  const titles = cells.map(({ title }) => title).join("\n");
  for (const reason of reasons) check(`map: "${reason}" stands at a cell`, titles.includes(reason), titles);
  const others = await page.locator("#heat td[data-runner]").count();
  check("map: most cells are numbers", others > cells.length, `${others}`);
}

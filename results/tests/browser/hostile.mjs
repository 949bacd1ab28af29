// Does recorded text stay text?
//
// A report of a recording in which every text is an attack, beside that of its harmless twin: the browser must make the
// same elements of both, outside of charts, whose labels are laid out by their lengths. Read next: ../synthetic/hostile.rs.

import { chapter, check, keep } from "./look.mjs";

const parts = () => {
  const counts = {};
  const allowed = [];
  for (const node of document.querySelectorAll("*")) {
    if (!node.closest("svg")) counts[node.localName] = (counts[node.localName] ?? 0) + 1;
    for (const { name, value } of node.attributes) {
      const runs = name.startsWith("on") || /^\s*javascript:/i.test(value);
      if (runs) allowed.push(`${node.localName} ${name}=${value.slice(0, 80)}`);
    }
  }
  const known = ["svg", "g", "rect", "text", "tspan", "path", "line", "polyline", "polygon", "circle", "title", "desc",
    "defs", "pattern", "clipPath", "use", "style"];
  const drawn = [...document.querySelectorAll("svg, svg *")].map((node) => node.localName);
  const strange = drawn.filter((name) => !known.includes(name));
  return { counts, runs: allowed, strange, text: document.body.textContent };
};

export async function hostile({ name, evil, good, words }) {
  let twin;
  await chapter(`${name} twin`, good, {}, async (page) => {
    twin = await page.evaluate(parts);
  });
  await chapter(name, evil, {}, async (page) => {
    const seen = await page.evaluate(parts);
    check(`${name}: the same elements as its twin`, JSON.stringify(seen.counts) === JSON.stringify(twin?.counts),
      `${JSON.stringify(seen.counts)} is not ${JSON.stringify(twin?.counts)}`);
    check(`${name}: no attribute that runs`, seen.runs.length === 0, seen.runs.join(", "));
    check(`${name}: nothing strange in charts`, seen.strange.length === 0, seen.strange.join(", "));
    check(`${name}: it can be read`, words.every((text) => seen.text.includes(text)), words.join(", "));
    await keep(name, page, {});
  });
}

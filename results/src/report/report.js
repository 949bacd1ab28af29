// Makes the report answer: another metric, another baseline, fewer rows, another order, other axes.
//
// Without it the report is a whole document, and the controls are not shown. What is chosen stands in the fragment
// of the address. It computes ratios of the numbers in #data as heat.rs does, and takes from there what is decided;
// it decides nothing itself. All texts become text nodes, never markup.
"use strict";
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const metrics = data.metrics.map(({ key }) => key);
  const start = { metric: metrics[0], baseline: "", filter: "", log: "1", sort: "" };
  const columns = [...document.querySelectorAll("#cells th button")].map((button) => button.dataset.sort);
  const known = {
    metric: (value) => metrics.includes(value),
    baseline: (value) => value === "" || data.runners.includes(value),
    filter: () => true,
    log: (value) => value === "1" || value === "0",
    sort: (value) => value === "" || columns.includes(value.replace(/^-/, "")),
  };
  const state = { ...start };

  // Three significant digits, as everywhere else in the report.
  const digits = (value) => {
    const size = Math.abs(value);
    const steps = [[99.95, 0], [9.995, 1], [0.9995, 2], [0.09995, 3]];
    const places = size === 0 ? 0 : (steps.find(([least]) => size >= least) ?? [0, 4])[1];
    return value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
  };
  const scaled = (value, units) => {
    const [name, size] = units.find(([, least]) => value >= least) ?? units[units.length - 1];
    return `${digits(value / size)} ${name}`;
  };
  const TIMES = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];
  const SIZES = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 1024], ["B", 1]];
  const shown = (unit, value) => {
    if (unit === "ns") return scaled(value, TIMES);
    if (unit === "bytes") return scaled(value, SIZES);
    return `${digits(value)} ${unit}`;
  };

  // The best ranked runner of a contest, among those whose value is known and not only a bound.
  const best = (contest, metric) => {
    const sign = data.metrics[metric].less ? 1 : -1;
    let found = null;
    for (const row of contest.ranked) {
      const value = contest.cells[row][metric];
      if (!value || value[3]) continue;
      if (found === null || sign * value[0] < sign * contest.cells[found][metric][0]) found = row;
    }
    return found;
  };
  // With few blocks there is no range, and the truth may lie anywhere.
  const ranged = (value) => typeof value[1] === "number";
  const overlap = (ours, theirs) =>
    !ranged(ours) || !ranged(theirs) || (ours[1] <= theirs[2] && theirs[1] <= ours[2]);

  const WORDS = { "=": "tie", b: "better", w: "worse" };

  // The ratio of a runner to the base, and what is decided.
  const compare = (contest, metric, row, base) => {
    const cells = contest.cells;
    const [ours, theirs] = [cells[row]?.[metric], base === null ? null : cells[base]?.[metric]];
    if (!ours || !theirs || theirs[3]) return null;
    const { key, less, tested } = data.metrics[metric];
    const ratio = ours[0] / theirs[0];
    const [at, of] = [contest.ranked.indexOf(row), contest.ranked.indexOf(base)];
    let standing = "undecided";
    if (row === base) standing = "base";
    else if (at < 0 || of < 0) standing = "invalid";
    else if (tested) standing = WORDS[contest.decided[key][of * contest.ranked.length + at]] ?? "undecided";
    else if (!overlap(ours, theirs)) standing = (ratio < 1) === less ? "better" : "worse";
    return { ratio, standing, bound: Boolean(ours[3]) };
  };
  const shade = (ratio, less) => {
    const worse = less ? ratio : 1 / ratio;
    const far = Math.max(worse, 1 / worse);
    return (worse >= 1 ? "w" : "b") + data.steps.filter((step) => far >= step).length;
  };
  const piece = (name, text, hidden) => {
    const node = document.createElement("span");
    node.className = name;
    node.textContent = text;
    if (hidden) node.setAttribute("aria-hidden", "true");
    return node;
  };

  const paint = (cell) => {
    const metric = metrics.indexOf(state.metric);
    const { less, unit, title, absence } = data.metrics[metric];
    const contest = data.contests[cell.dataset.column];
    const row = Number(cell.dataset.row);
    if (!contest.cells[row]) return;
    const base = state.baseline === "" ? best(contest, metric) : data.runners.indexOf(state.baseline);
    const found = compare(contest, metric, row, base);
    const value = contest.cells[row][metric];
    const why = cell.dataset.why ?? "";
    if (!found) {
      cell.className = "na";
      cell.title = value ? "the baseline has no such value here" : absence;
      cell.replaceChildren("–");
      return;
    }
    const { ratio, standing, bound } = found;
    const barred = why !== "" || standing === "invalid";
    const [sign, words] = data.signs[barred ? "invalid" : standing] ?? ["", standing];
    cell.className = `${barred ? "invalid" : standing} ${shade(ratio, less)}`;
    const range = ranged(value) ? ` (${shown(unit, value[1])} to ${shown(unit, value[2])})` : "";
    const told = `${title} ${bound ? "> " : ""}${shown(unit, value[0])}${range}; ${words}`;
    cell.title = why || (standing === "invalid" ? data.barred : told);
    const text = (bound ? ">" : "") + digits(ratio);
    cell.replaceChildren(text, piece("sign", sign, true), piece("sr", ` ${words}`, false));
  };

  const filter = () => {
    const wanted = state.filter.toLowerCase();
    for (const row of document.querySelectorAll("#cells tbody tr")) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
  };
  const sort = () => {
    const down = state.sort.startsWith("-");
    const at = columns.indexOf(state.sort.replace(/^-/, ""));
    const body = document.querySelector("#cells tbody");
    document.querySelectorAll("#cells th[aria-sort]").forEach((head, place) => {
      head.setAttribute("aria-sort", place !== at ? "none" : down ? "descending" : "ascending");
    });
    const isNumber = document.querySelectorAll("#cells th[aria-sort]")[at]?.classList.contains("number");
    const key = (row) => {
      if (at < 0) return Number(row.dataset.place);
      const { dataset, textContent } = row.cells[at];
      const text = textContent.trim();
      if (dataset.value !== undefined) return Number(dataset.value);
      if (text === "") return null;
      return isNumber ? Number(text) : text;
    };
    const order = (a, b) => (a[0] === null || b[0] === null ? (a[0] === null) - (b[0] === null)
      : (down ? -1 : 1) * (typeof a[0] === "string" ? a[0].localeCompare(b[0], "en", { numeric: true }) : a[0] - b[0]));
    body.append(...[...body.rows].map((row) => [key(row), row]).sort(order).map(([, row]) => row));
  };

  const show = () => {
    document.querySelectorAll("#metric input").forEach((input) => { input.checked = input.value === state.metric; });
    find("baseline").value = state.baseline;
    if (find("filter").value !== state.filter) find("filter").value = state.filter;
    find("log").checked = state.log === "1";
    root.classList.toggle("linear", state.log === "0");
    document.querySelectorAll("#heat td[data-row]").forEach(paint);
    const { title, less } = data.metrics[metrics.indexOf(state.metric)];
    const base = state.baseline || "the best of each contest";
    find("heat-what").textContent = `${title} (${less ? "less" : "more"} is better), as a ratio to ${base}`;
    filter();
    sort();
  };
  const read = () => {
    // Links within the page have fragments too, and mean nothing to us.
    if (!location.hash.includes("=")) return false;
    const given = new URLSearchParams(location.hash.slice(1));
    for (const name of Object.keys(start)) {
      const value = given.get(name);
      state[name] = value !== null && known[name](value) ? value : start[name];
    }
    return true;
  };
  const set = (change) => {
    Object.assign(state, change);
    const told = new URLSearchParams();
    for (const name of Object.keys(start)) if (state[name] !== start[name]) told.set(name, state[name]);
    history.replaceState(null, "", `#${told}`);
    show();
  };

  // A table as objects, one a line: quoted fields may hold commas, quotes and line ends.
  const objects = (csv) => {
    const lines = [[]];
    for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g)) {
      lines[lines.length - 1].push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
      if (end !== ",") lines.push([]);
    }
    const [names, ...rows] = lines.filter((line) => line.length > 1);
    return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
  };
  const unpacked = () => {
    const bytes = Uint8Array.from(atob(data.table), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  };
  const offer = (id, type, make) => {
    const link = find(id);
    // Made when it is asked for: most readers never do.
    link.addEventListener("click", async (event) => {
      if (link.href.startsWith("blob:")) return;
      event.preventDefault();
      link.href = URL.createObjectURL(new Blob([make(await unpacked())], { type }));
      link.click();
    });
    link.href = "#cells";
  };
  // What is wider than the screen scrolls by itself, and keys must reach it.
  const reach = () => {
    for (const box of document.querySelectorAll(".scroll, figure")) {
      if (box.scrollWidth <= box.clientWidth) {
        ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
        continue;
      }
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", box.querySelector("caption, svg > title")?.textContent ?? "wide content");
    }
  };

  root.classList.add("js");
  document.querySelectorAll("#metric input").forEach((input) => {
    input.addEventListener("change", () => set({ metric: input.value }));
  });
  find("baseline").addEventListener("change", (event) => set({ baseline: event.target.value }));
  find("filter").addEventListener("input", (event) => set({ filter: event.target.value }));
  find("log").addEventListener("change", (event) => set({ log: event.target.checked ? "1" : "0" }));
  document.querySelectorAll("#cells th button").forEach((button) => button.addEventListener("click", () => {
    const { sort: name } = button.dataset;
    set({ sort: state.sort === name ? `-${name}` : name });
  }));
  offer("download-csv", "text/csv", (csv) => csv);
  offer("download-json", "application/json", (csv) => JSON.stringify(objects(csv), null, 1));
  // Browsers from before 2023 cannot unpack it; the table lies beside the report too.
  document.querySelectorAll("#downloads a").forEach((link) => { link.hidden = !window.DecompressionStream; });
  window.addEventListener("hashchange", () => { if (read()) show(); });
  window.addEventListener("resize", reach);
  read();
  show();
  reach();
})();

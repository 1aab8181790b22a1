"use strict";
(() => {
  const holder = document.getElementById("data");
  const data = holder ? JSON.parse(holder.textContent) : {};
  const byId = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const whole = (n) => Math.round(n).toLocaleString("en-US");
  const short = (v) => Number.isInteger(v) ? v.toLocaleString("en-US") : String(Number(v.toPrecision(3)));
  const el = (name, attributes = {}, text) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const draw = (name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  /* Tables: a click on a heading sorts by it, a second click turns the order round. */
  const sortBy = (table, column, heading) => {
    const down = heading.getAttribute("aria-sort") !== "descending";
    table.querySelectorAll("thead th").forEach((th) => th.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => {
      const cell = row.children[column];
      return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
    };
    const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b);
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => compare(key(a), key(b)) * (down ? -1 : 1));
    rows.forEach((row) => body.append(row));
  };
  document.querySelectorAll("table.sortable").forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      if (heading.hasAttribute("data-plain")) return;
      const button = el("button", { type: "button" }, heading.textContent);
      button.addEventListener("click", () => sortBy(table, column, heading));
      heading.replaceChildren(button);
    });
  });

  /* Documents in [low, high) of a histogram; bins are taken as evenly filled between their edges,
     and no bin reaches across `wall`, which is where the bound of the run stood. */
  const between = (pairs, edges, low, high, wall, above) => {
    let sum = 0;
    for (let i = 0; i < pairs.length; i += 2) {
      const bin = pairs[i];
      let from = edges[bin];
      let to = bin + 1 < edges.length ? edges[bin + 1] : Math.max(from * 1.1, from + 1);
      if (from < wall && wall < to) { if (above) from = wall; else to = wall; }
      const part = (Math.min(to, high) - Math.max(from, low)) / (to - from);
      if (part > 0) sum += pairs[i + 1] * Math.min(1, part);
    }
    return sum;
  };
  /* How the number of kept documents changes when a bound moves to `value`. Whole numbers up to a
     maximum of 9 end just before 10, which is where the bin of 10 begins. */
  const change = (slider, value) => {
    const edges = data.edges[slider.shape];
    const whole = slider.shape === "whole" || slider.shape === "flag";
    const side = slider.side === "min";
    const line = (bound) => side ? bound + slider.doubt : bound - slider.doubt + (whole ? 1 : 0);
    const now = line(slider.value), then = line(value);
    if (side) return then < now ? between(slider.alone, edges, then, now, now, false) : -between(slider.kept, edges, now, then, now, true);
    return then > now ? between(slider.alone, edges, now, then, now, true) : -between(slider.kept, edges, then, now, now, false);
  };
  const stops = (slider) => {
    const edges = data.edges[slider.shape];
    const bins = [slider.alone, slider.kept].flatMap((pairs) => pairs.filter((_, i) => i % 2 === 0));
    const low = Math.max(0, Math.min(...bins) - 1), high = Math.min(edges.length - 1, Math.max(...bins) + 1);
    const values = new Set([slider.value]);
    for (let i = low; i <= high; i++) values.add(edges[i]);
    return [...values].sort((a, b) => a - b);
  };
  const moved = new Map();
  const announce = () => {
    const line = byId("setline");
    line.hidden = moved.size === 0;
    line.querySelector("code").textContent = [...moved].map(([bound, m]) => `--set ${bound}=${m.value}`).join(" ");
    const sum = [...moved.values()].reduce((total, m) => total + m.change, 0);
    const kept = data.totals.kept.documents, all = data.totals.all.documents;
    const then = Math.min(all, Math.max(0, kept + sum));
    byId("what-if").textContent = moved.size === 0
      ? "Every bound stands where it stood in this run."
      : `About ${whole(then)} of ${whole(all)} documents kept (${(100 * then / all).toFixed(1)} %), ${sum >= 0 ? "+" : "−"}${whole(Math.abs(sum))}` +
        (moved.size > 1 ? ". Several bounds moved: a document met by two of them is counted roughly." : ".");
  };
  const makeSlider = (slider, at) => {
    const values = stops(slider);
    if (values.length < 2) return null;
    const box = el("div", { class: "slider" });
    const label = el("label", { for: `slider-${at}` });
    const shown = el("b");
    label.append(el("code", {}, slider.bound), shown);
    const input = el("input", { type: "range", id: `slider-${at}`, min: 0, max: values.length - 1, step: 1, value: values.indexOf(slider.value) });
    const output = el("output", { for: `slider-${at}` });
    const update = () => {
      const value = values[Number(input.value)];
      const delta = value === slider.value ? 0 : change(slider, value);
      const sign = slider.side === "min" ? "≥" : "≤";
      shown.textContent = `${sign} ${short(value)}`;
      input.setAttribute("aria-valuetext", shown.textContent);
      if (value === slider.value) moved.delete(slider.bound);
      else moved.set(slider.bound, { value, change: delta });
      box.classList.toggle("moved", value !== slider.value);
      output.className = delta >= 0.5 ? "up" : delta <= -0.5 ? "down" : "";
      output.textContent = value === slider.value ? "as in this run"
        : delta >= 0.5 ? `about ${whole(delta)} more kept` : delta <= -0.5 ? `about ${whole(-delta)} fewer kept` : "no document changes";
      announce();
    };
    input.addEventListener("input", update);
    box.append(label, input, output);
    box.reset = () => { input.value = values.indexOf(slider.value); update(); };
    update();
    return box;
  };
  const sliders = byId("sliders");
  if (sliders) {
    const weight = (pairs) => pairs.reduce((sum, n, i) => sum + (i % 2 ? n : 0), 0);
    const ordered = [...data.sliders].sort((a, b) => weight(b.alone) - weight(a.alone));
    const boxes = ordered.map(makeSlider).filter(Boolean);
    sliders.append(...boxes.slice(0, 12));
    const more = byId("more-bounds");
    more.hidden = boxes.length <= 12;
    more.querySelector("div").append(...boxes.slice(12));
    byId("reset").addEventListener("click", () => boxes.forEach((box) => box.reset()));
  }
  document.querySelectorAll("[data-copy]").forEach((button) => button.addEventListener("click", async () => {
    const target = document.querySelector(button.dataset.copy);
    try { await navigator.clipboard.writeText(target.textContent); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(target); }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }));

  /* Histograms: about 48 bars over the bins in use, kept below and not kept on top. */
  const W = 280, H = 104, BASE = 84, LEFT = 2;
  const bars = (histogram, range) => {
    const step = Math.max(1, Math.ceil((range[1] - range[0] + 1) / 48));
    const made = Array.from({ length: Math.ceil((range[1] - range[0] + 1) / step) }, () => [0, 0]);
    ["kept", "other"].forEach((name, which) => {
      const pairs = histogram[name];
      for (let i = 0; i < pairs.length; i += 2) {
        const at = Math.floor((pairs[i] - range[0]) / step);
        if (made[at]) made[at][which] += pairs[i + 1];
      }
    });
    return { made, step };
  };
  const rangeOf = (signal) => {
    const pairs = [...signal.all.kept, ...signal.all.other];
    const bins = pairs.filter((_, i) => i % 2 === 0);
    return bins.length ? [Math.min(...bins), Math.max(...bins)] : null;
  };
  const place = (value, edges, range, step, width) => {
    let bin = 0;
    while (bin + 1 < edges.length && edges[bin + 1] <= value) bin++;
    const next = bin + 1 < edges.length ? edges[bin + 1] : edges[bin] + 1;
    const inside = Math.min(1, Math.max(0, (value - edges[bin]) / (next - edges[bin])));
    return LEFT + (bin + inside - range[0]) / step * width;
  };
  const axis = (svg, edges, range, step, width, shape) => {
    svg.append(draw("line", { class: "axis", x1: LEFT, x2: W - LEFT, y1: BASE + .5, y2: BASE + .5 }));
    if (shape === "flag") {
      [0, 1].filter((bin) => bin >= range[0] && bin <= range[1]).forEach((bin) => svg.append(draw("text",
        { x: LEFT + (bin - range[0] + .5) * width, y: BASE + 14, "text-anchor": "middle" }, bin ? "yes" : "no")));
      return;
    }
    for (const part of [0, .25, .5, .75, 1]) {
      const bin = Math.round(range[0] + part * (range[1] - range[0] + 1));
      const value = bin < edges.length ? edges[bin] : shape === "share" ? 1 : edges[edges.length - 1];
      const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
      const x = Math.min(W - LEFT, LEFT + (bin - range[0]) / step * width);
      svg.append(draw("text", { x, y: BASE + 14, "text-anchor": anchor }, short(value)));
    }
  };
  const chart = (name, signal, histogram, log) => {
    const box = el("figure", { class: "chart" });
    const range = rangeOf(signal);
    const caption = el("figcaption");
    caption.append(el("code", {}, name));
    box.append(caption);
    if (!range || !histogram) { caption.append(el("span", {}, "not measured here")); return box; }
    const edges = data.edges[signal.shape];
    const { made, step } = bars(histogram, range);
    const width = (W - 2 * LEFT) / made.length;
    const height = (n) => log ? Math.log1p(n) : n;
    const top = Math.max(1e-9, ...made.map(([kept, other]) => height(kept + other)));
    const total = made.reduce((sum, [kept, other]) => sum + kept + other, 0);
    caption.append(el("span", {}, `${whole(total)}${histogram.missing ? ` · ${whole(histogram.missing)} null` : ""}`));
    const svg = draw("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `Histogram of ${name} over ${whole(total)} documents` });
    made.forEach(([kept, other], i) => {
      if (!kept && !other) return;
      const all = height(kept + other) / top * (BASE - 16);
      const below = all * kept / (kept + other);
      const x = LEFT + i * width, w = Math.max(.6, width - .7);
      const from = range[0] + i * step, to = from + step;
      const tip = signal.shape === "flag" ? (from ? "yes" : "no") : `${short(edges[from])} to ${to < edges.length ? short(edges[to]) : "…"}`;
      const group = draw("g", {});
      group.append(draw("title", {}, `${tip}: ${whole(kept)} kept, ${whole(other)} not kept`),
        draw("rect", { class: "kept", x, y: BASE - below, width: w, height: below }),
        draw("rect", { class: "other", x, y: BASE - all, width: w, height: all - below }));
      svg.append(group);
    });
    axis(svg, edges, range, step, width, signal.shape);
    signal.bounds.forEach((bound, i) => {
      const x = place(bound.value, edges, range, step, width);
      if (x < 0 || x > W) return;
      const right = x > W * .6;
      svg.append(draw("line", { class: "bound", x1: x, x2: x, y1: 6, y2: BASE }),
        draw("text", { class: "boundname", x: x + (right ? -4 : 4), y: 13 + 11 * (i % 3), "text-anchor": right ? "end" : "start" }, `${bound.side} ${short(bound.value)}`));
    });
    box.append(svg);
    return box;
  };
  const charts = byId("charts");
  if (charts) {
    const by = byId("by"), scale = byId("scale"), find = byId("find");
    const name = (label, unknown) => label === "" ? unknown : label.startsWith("\u0000") ? "all others" : label;
    for (const [dimension, title] of [["languages", "Language"], ["sources", "Source"]]) {
      const labels = [...new Set(Object.values(data.signals).flatMap((signal) => Object.keys(signal[dimension])))].sort();
      if (!labels.length) continue;
      const group = el("optgroup", { label: title });
      labels.forEach((label) => group.append(el("option", { value: `${dimension}:${label}` }, name(label, "not measured"))));
      by.append(group);
    }
    const show = () => {
      const at = by.value.indexOf(":"), dimension = by.value.slice(0, at), label = by.value.slice(at + 1);
      const wanted = find.value.trim().toLowerCase();
      charts.replaceChildren(...Object.entries(data.signals)
        .filter(([signal]) => signal.toLowerCase().includes(wanted))
        .sort((a, b) => (b[1].bounds.length > 0) - (a[1].bounds.length > 0))
        .map(([signal, s]) => chart(signal, s, at < 0 ? s.all : s[dimension][label], scale.value === "log")));
    };
    [by, scale].forEach((control) => control.addEventListener("change", show));
    find.addEventListener("input", show);
    show();
  }
  /* A link to something folded away unfolds it. */
  const unfold = () => { const at = byId(location.hash.slice(1)); at?.closest("details")?.setAttribute("open", ""); at?.scrollIntoView(); };
  addEventListener("hashchange", unfold);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
})();

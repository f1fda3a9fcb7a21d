// What both pages are made with. Text from a file goes to the page as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

// Characters that hide, reorder or control are spelled out.
const shown = (text) =>
  String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (c) => `\\u{${c.codePointAt(0).toString(16).padStart(4, "0")}}`);

// element("p", {class: "soft"}, "text", other, …)
function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}
function drawn(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "style") Object.assign(node.style, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false)
    .map((c) => (c instanceof Node ? c : shown(c))));
  return node;
}

// The same figures as the program prints.
function threeDigits(value, step, units) {
  let unit = 0;
  while (value >= step && unit < units.length - 1) {
    value /= step;
    ++unit;
  }
  if (unit === 0) return `${value} ${units[0]}`;
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
const bytesText = (n) => threeDigits(n, 1000, ["B", "kB", "MB", "GB", "TB", "PB"]);
const memoryText = (n) => threeDigits(n, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
const countText = (n) => n.toLocaleString("en-US");
const plural = (n, one, many = one + "s") => `${countText(n)} ${n === 1 ? one : many}`;

// "0–17", "0–4, 6–10"; more than `most` ranges are cut in the middle.
function rangesText(ranges, most = 4) {
  const texts = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
  if (texts.length > most) texts.splice(most - 2, texts.length - most + 1, "…");
  return texts.join(", ");
}
const numbersOf = (ranges) =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, k) => first + k));
function rangesOf(numbers) {
  const ranges = [];
  for (const n of numbers) {
    const last = ranges[ranges.length - 1];
    if (last && last[1] + 1 === n) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges;
}

const sourceColor = (k) => `var(--s${k % 8})`;
const dot = (color) => element("span", { class: "dot", style: { background: color } });

// A tooltip for pointers; what it says is also in an accessible name.
const tip = {
  node: document.body.appendChild(element("div", { class: "tip", hidden: true })),
  show(event, ...lines) {
    this.node.replaceChildren(...lines.map((line) => element("div", {}, line)));
    this.node.hidden = false;
    const { offsetWidth: w, offsetHeight: h } = this.node;
    this.node.style.left = `${Math.max(8, Math.min(event.clientX + 14, innerWidth - w - 8))}px`;
    this.node.style.top = `${event.clientY + h + 24 > innerHeight ? event.clientY - h - 12 : event.clientY + 16}px`;
  },
  hide() {
    this.node.hidden = true;
  },
};

function chevron() {
  return drawn("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" },
    drawn("path", { d: "M3 1l4 4-4 4", fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round" }));
}

// Light or dark: as the system has it, until somebody says otherwise.
const theme = {
  system: matchMedia("(prefers-color-scheme: dark)"),
  kept() {
    try { return localStorage.getItem("inarch-theme"); } catch { return null; }  // pages of files may have none
  },
  set(name) {
    document.documentElement.dataset.theme = name;
    const sun = "M10 3V1m0 18v-2m7-7h2M1 10h2m12-5 1.4-1.4M3.6 16.4 5 15m10 0 1.4 1.4M3.6 3.6 5 5";
    byId("theme").replaceChildren(drawn("svg", { viewBox: "0 0 20 20", fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round" },
      name === "dark"
        ? [drawn("circle", { cx: 10, cy: 10, r: 3.8 }), drawn("path", { d: sun })]
        : drawn("path", { d: "M17 12.3A7.4 7.4 0 0 1 7.7 3 7.4 7.4 0 1 0 17 12.3z" })));
  },
  begin() {
    const now = () => this.kept() ?? (this.system.matches ? "dark" : "light");
    this.set(now());
    this.system.addEventListener("change", () => this.set(now()));
    byId("theme").addEventListener("click", () => {
      const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      try { localStorage.setItem("inarch-theme", other); } catch { /* it holds for this page */ }
      this.set(other);
    });
  },
};
theme.begin();

function fact(label, value, note) {
  return element("div", {}, element("dt", {}, label), element("dd", {}, value, note ? element("small", {}, ` ${note}`) : null));
}

// A name with what was searched for marked.
function marked(name, words) {
  const lower = name.toLowerCase();
  const hits = words.filter((w) => w).map((w) => [lower.indexOf(w), w.length]).filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0]);
  const parts = [];
  let at = 0;
  for (const [begin, length] of hits) {
    if (begin < at) continue;
    parts.push(name.slice(at, begin), element("mark", {}, name.slice(begin, begin + length)));
    at = begin + length;
  }
  return [...parts, name.slice(at)];
}

// All words must be in a name; '*' in a word stands for anything.
function searchWords(query) {
  return query.toLowerCase().split(/\s+/).filter((w) => w);
}
function matcher(words) {
  const tests = words.map((word) => {
    if (!word.includes("*")) return (name) => name.includes(word);
    const pattern = new RegExp(word.split("*").map((w) => w.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join("[^]*"));
    return (name) => pattern.test(name);
  });
  return (name) => tests.every((test) => test(name));
}

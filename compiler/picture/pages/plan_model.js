// The plan as the page has it: a tree of names in which alike siblings are one node with numbers.
// A row of the tree is a node and, for those of its repeats that were taken apart, which one it is:
// `picks`, from node to position. What is not picked stands for all.

const works = data.works;
const workColor = ["var(--none)", "var(--s4)", "var(--s0)", "var(--s1)"];
const leaves = [];
const noPicks = new Map();

function prepare(node, parent) {
  node.parent = parent;
  node.count = node.n ? node.n.reduce((sum, [first, last]) => sum + last - first + 1, 0) : 1;
  node.axes = [...(parent ? parent.axes : []), ...(node.n ? [node] : [])];
  node.works = works.map(() => 0);
  node.sources = new Set();
  node.tensors = node.bytes = 0;  // of one of its numbers
  if (node.b !== undefined) {
    leaves.push(node);
    node.tensors = 1;
    node.bytes = node.b;
    node.works[node.w] = node.b;
    for (const [source] of node.o ?? []) node.sources.add(source);
  }
  for (const child of node.c ?? []) {
    prepare(child, node);
    node.tensors += child.tensors * child.count;
    node.bytes += child.bytes * child.count;
    child.works.forEach((bytes, k) => { node.works[k] += bytes * child.count; });
    for (const source of child.sources) node.sources.add(source);
  }
}
for (const root of data.tree) prepare(root, null);

const isLeaf = (node) => node.b !== undefined;
const numbers = (node) => (node.all ??= numbersOf(node.n));
// How many of a node there are in a row.
function times(node, picks) {
  return node.axes.reduce((product, axis) => product * (picks.has(axis) ? 1 : axis.count), 1);
}
const pathOf = (node) => (node ? [...pathOf(node.parent), node] : []);

function numberText(node, picks, add = 0) {
  if (picks.has(node)) return `${numbers(node)[picks.get(node)] + add}`;
  const ranges = node.n.map(([first, last]) => [first + add, last + add]);
  return node.count === 1 ? `${ranges[0][0]}` : `{${rangesText(ranges)}}`;
}
// The name that a row stands for, with ranges where it stands for several.
function nameOf(node, picks = noPicks) {
  const path = pathOf(node).slice(data.parts ? 1 : 0);
  return path.map((step) => (step.n ? numberText(step, picks) : step.l)).join(".");
}
const partOf = (node) => (data.parts ? pathOf(node)[0].l : "");
const keyOf = (node, picks = noPicks) => `${partOf(node)}/${nameOf(node, picks)}${isLeaf(node) ? "" : "."}`;

// The position among a leaf's members; where something is not picked, the first.
function memberOf(leaf, picks) {
  return leaf.axes.reduce((at, axis) => at * axis.count + (picks.get(axis) ?? 0), 0);
}
function picksOf(leaf, member) {
  const picks = new Map();
  for (const axis of [...leaf.axes].reverse()) {
    if (axis.count > 1) picks.set(axis, member % axis.count);
    member = Math.floor(member / axis.count);
  }
  return picks;
}
// A number for each member, kept as [value, how often, …].
function runAt(runs, member) {
  if (!Array.isArray(runs)) return runs;
  for (let k = 0; k < runs.length; k += 2) {
    if (member < runs[k + 1]) return runs[k];
    member -= runs[k + 1];
  }
  return undefined;
}
const runValues = (runs) => (Array.isArray(runs) ? runs.filter((_, k) => k % 2 === 0) : [runs]);
const isPicked = (leaf, picks) => leaf.axes.every((axis) => axis.count === 1 || picks.has(axis));

// The name of a source's tensor that a leaf reads (member_names.h says how it is kept).
function operandName([, spec], leaf, picks) {
  if (typeof spec === "string") return spec;
  if (!Array.isArray(spec)) {
    return spec.names[memberOf(leaf, picks)] + (isPicked(leaf, picks) ? "" : " …");
  }
  const [pieces, holes] = spec;
  const texts = holes.map((hole) => {
    if (Array.isArray(hole)) return numberText(leaf.axes[hole[0]], picks, hole[1]);
    if (isPicked(leaf, picks)) return `${runAt(hole.each, memberOf(leaf, picks))}`;
    const values = [...new Set(runValues(hole.each))].sort((a, b) => a - b);
    return values.length === 1 ? `${values[0]}` : `{${rangesText(rangesOf(values))}}`;
  });
  return pieces.map((piece, k) => piece + (texts[k] ?? "")).join("");
}

const shapeText = (leaf) => (leaf.s.length ? leaf.s.join(" × ") : "scalar");
const chainText = (leaf) => (leaf.x === undefined ? "" : data.chains[leaf.x]);
const doesText = (leaf) => chainText(leaf) || works[leaf.w];

// Every single name, made when somebody searches first.
const everything = {
  names: null,
  make() {
    if (this.names) return;
    this.names = [];
    this.lower = [];
    this.leaf = [];
    this.member = [];
    for (const leaf of leaves) {
      const path = pathOf(leaf).slice(data.parts ? 1 : 0);
      let names = [""];
      for (const step of path) {
        const ends = step.n ? numbers(step).map(String) : [step.l];
        names = names.flatMap((name) => ends.map((end) => (step === path[0] ? end : `${name}.${end}`)));
      }
      names.forEach((name, member) => {
        this.names.push(name);
        this.lower.push(name.toLowerCase());
        this.leaf.push(leaf);
        this.member.push(member);
      });
    }
  },
  find(name, part = "") {
    this.make();
    const at = this.names.findIndex((other, k) => other === name && partOf(this.leaf[k]) === part);
    return at < 0 ? null : { node: this.leaf[at], picks: picksOf(this.leaf[at], this.member[at]) };
  },
};

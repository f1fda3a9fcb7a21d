// Sources on the left, what is done in the middle, blocks of the outputs on the right; as thick as
// there are bytes in the outputs, but never too thin to be seen.

const flow = (() => {
  const mostBlocks = 16, mostWorks = 9, rowHeight = 22;

  // Levels of the tree that fit: the heaviest is opened as long as there is room. Leaves that lie
  // side by side are one block.
  function chooseBlocks() {
    let blocks = group(data.tree, null);
    while (true) {
      const open = blocks
        .filter((b) => b.nodes.length === 1 && b.nodes[0].c)
        .map((b) => ({ b, parts: group(b.nodes[0].c, b.nodes[0]) }))
        .filter(({ parts }) => blocks.length - 1 + parts.length <= mostBlocks)
        .sort((x, y) => y.b.bytes - x.b.bytes)[0];
      if (!open) return blocks;
      blocks.splice(blocks.indexOf(open.b), 1, ...open.parts);
    }
  }
  function group(nodes, parent) {
    const blocks = nodes.filter((n) => !isLeaf(n)).map((n) => block([n], parent));
    const own = nodes.filter(isLeaf);
    if (parent === null || own.length <= 2) return [...own.map((n) => block([n], parent)), ...blocks];
    return [block(own, parent), ...blocks];
  }
  function block(nodes, parent) {
    const sum = (f) => nodes.reduce((s, n) => s + f(n) * times(n, noPicks), 0);
    return { nodes, parent, bytes: sum((n) => n.bytes), tensors: sum((n) => n.tensors) };
  }

  // "layers 0–17 · self_attn": repeats above it and its own name.
  function title({ nodes, parent }) {
    if (nodes.length > 1) return `${parent ? label(parent) : ""} · ${plural(nodes.length, "more")}`;
    return label(nodes[0]);
  }
  function label(node) {
    const path = pathOf(node);
    const repeat = path.findLastIndex((n) => n.n);
    const from = repeat < 0 ? path.length - 1 : repeat;
    const texts = path.slice(from).map((n) => (n.n ? rangesText(n.n) : n.l));
    if (repeat > 0) texts[0] = `${path[repeat - 1].l.split(".").pop()} ${texts[0]}`;
    return texts[0] + (texts.length > 1 ? ` · ${texts.slice(1).join(".")}` : "");
  }
  function repeatsText({ nodes }) {
    const n = nodes[0].axes.reduce((product, axis) => product * axis.count, 1);
    return n > 1 ? `×${countText(n)}` : "";
  }

  function leavesIn(node) {
    return isLeaf(node) ? [node] : node.c.flatMap(leavesIn);
  }

  // [source, work, block, bytes]; a source of −1 is nothing.
  function links(blocks) {
    const sums = new Map();
    blocks.forEach((b, at) => {
      for (const leaf of b.nodes.flatMap(leavesIn)) {
        const from = leaf.sources.size ? [...leaf.sources] : [-1];
        const bytes = (leaf.b * times(leaf, noPicks)) / from.length;
        for (const source of from) {
          const key = JSON.stringify([source, doesText(leaf), at]);
          const known = sums.get(key) ?? { source, does: doesText(leaf), work: leaf.w, at, bytes: 0, tensors: 0 };
          known.bytes += bytes;
          known.tensors += times(leaf, noPicks);
          sums.set(key, known);
        }
      }
    });
    return [...sums.values()];
  }

  // The heaviest chains have a place of their own, others one for their kind.
  function nameWorks(all) {
    const bytes = new Map();
    for (const link of all) bytes.set(link.does, (bytes.get(link.does) ?? 0) + link.bytes);
    const own = new Set([...bytes].sort((a, b) => b[1] - a[1]).slice(0, mostWorks - 1).map(([does]) => does));
    const few = bytes.size <= mostWorks;
    const named = (does, work) => (few || own.has(does) ? does : `${works[work]} in other ways`);
    for (const link of all) link.does = named(link.does, link.work);
    for (const leaf of leaves) leaf.flow = named(doesText(leaf), leaf.w);
  }

  // Places of a column's items: at least a row high, the rest by bytes.
  function place(items, height) {
    const gap = 6;
    const total = items.reduce((sum, item) => sum + item.bytes, 0) || 1;
    const spare = height - items.length * (rowHeight + gap) + gap;
    let y = 0;
    for (const item of items) {
      item.h = rowHeight + Math.max(0, spare) * (item.bytes / total);
      item.y = y;
      item.used = { left: 0, right: 0 };
      y += item.h + gap;
    }
  }
  function take(item, side, bytes) {
    const share = item.h * (bytes / (item.bytes || 1));
    const begin = item.y + item.used[side];
    item.used[side] += share;
    return [begin, begin + share];
  }

  function ribbon(x0, [a0, a1], x1, [b0, b1]) {
    const middle = (x0 + x1) / 2;
    return `M${x0} ${a0}C${middle} ${a0} ${middle} ${b0} ${x1} ${b0}L${x1} ${b1}C${middle} ${b1} ${middle} ${a1} ${x0} ${a1}Z`;
  }

  function columns(all, blocks) {
    const sources = new Map(), does = new Map();
    const add = (map, key, link, more) => {
      const item = map.get(key) ?? { key, bytes: 0, tensors: 0, ...more };
      item.bytes += link.bytes;
      item.tensors += link.tensors;
      map.set(key, item);
      return item;
    };
    for (const link of all) {
      link.from = add(sources, link.source, link, {});
      link.through = add(does, link.does, link, { work: link.work });
      link.to = blocks[link.at];
    }
    return [
      [...sources.values()].sort((a, b) => a.key - b.key),
      [...does.values()].sort((a, b) => a.work - b.work || b.bytes - a.bytes),
      blocks,
    ];
  }

  function cut(text, width) {
    const most = Math.floor(width / 6.4);
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
  }

  function draw() {
    const box = byId("flow");
    const blocks = chooseBlocks();
    const all = links(blocks);
    nameWorks(all);
    const columnsOf = columns(all, blocks);
    const width = Math.max(620, box.clientWidth - 32);
    const rows = Math.max(...columnsOf.map((c) => c.length));
    const height = Math.max(150, rows * (rowHeight + 6) + 40);
    const top = 30;
    for (const column of columnsOf) {
      const natural = column.length * (rowHeight + 6);
      place(column, column.length === rows ? height : Math.max(natural, height));
    }
    const side = Math.min(190, width * 0.2), right = Math.min(300, width * 0.31);
    const middle = Math.max(110, Math.min(250, width * 0.26));
    const x = { source: side, work: (side + width - right - middle) / 2, workEnd: (side + width - right + middle) / 2, block: width - right };
    const picture = drawn("svg", { viewBox: `0 0 ${width} ${height + top + 4}`, role: "group", "aria-label": "Sources, what is done, and blocks of the outputs" });
    [["Sources", 0], ["What is done", x.work], ["Outputs", x.block]].forEach(([text, at]) =>
      picture.append(drawn("text", { class: "head", x: at, y: 16 }, text)));
    const body = drawn("g", { transform: `translate(0 ${top})` });
    picture.append(body);

    const ribbons = [];
    const join = (kind, links2, from, to, x0, x1) => {
      for (const link of links2) {
        const path = drawn("path", { class: "ribbon", d: ribbon(x0, take(link[from], "right", link.bytes), x1, take(link[to], "left", link.bytes)),
          fill: link.source < 0 ? "var(--none)" : sourceColor(link.source) });
        ribbons.push({ path, link });
        body.append(path);
      }
    };
    const byPlace = (f, g) => [...all].sort((a, b) => f(a) - f(b) || g(a) - g(b));
    join("a", byPlace((l) => l.from.y, (l) => l.through.y), "from", "through", x.source, x.work);
    join("b", byPlace((l) => l.through.y, (l) => l.to.y), "through", "to", x.workEnd, x.block);

    const light = (on) => {
      box.classList.toggle("lit", Boolean(on));
      for (const { path, link } of ribbons) path.classList.toggle("on", Boolean(on && on(link)));
    };
    const node = (item, at, w, color, texts, on, act, said) => {
      const g = drawn("g", { class: "node", tabindex: 0, role: "button", "aria-label": said.join(", ") });
      g.append(drawn("rect", { x: at, y: item.y, width: 4, height: item.h, rx: 2, fill: color }), ...texts,
        drawn("rect", { class: "hit", x: at - 2, y: item.y - 1, width: w, height: item.h + 2, rx: 4 }));
      g.addEventListener("pointermove", (event) => { light(on); tip.show(event, ...said); });
      g.addEventListener("pointerleave", () => { light(null); tip.hide(); });
      g.addEventListener("focus", () => light(on));
      g.addEventListener("blur", () => light(null));
      g.addEventListener("click", act);
      g.addEventListener("keydown", (event) => { if (event.key === "Enter") act(); });
      body.append(g);
    };
    const text = (x0, item, words, kind = "") => drawn("text", { class: kind, x: x0, y: item.y + Math.min(item.h / 2, 60) + 4 }, words);
    for (const item of columnsOf[0]) {
      const source = data.sources[item.key];
      const name = source ? source.name : "nothing";
      const read = source ? source.files.reduce((sum, f) => sum + f.read, 0) : 0;
      const lines = [text(0, item, cut(name, side - 12), "mono")];
      if (source && item.h > 38) lines.push(drawn("text", { class: "small", x: 0, y: item.y + Math.min(item.h / 2, 60) + 19 }, `${bytesText(read)} read`));
      node(item, x.source - 4, 4, source ? sourceColor(item.key) : "var(--none)", lines, (l) => l.source === item.key,
        () => list.filterBy({ source: item.key }), [source ? `${name}: ${source.location}` : "made from nothing",
          source ? `${bytesText(read)} read` : "", `goes into ${plural(Math.round(item.tensors), "tensor")}, ${bytesText(Math.round(item.bytes))}`]);
    }
    for (const item of columnsOf[1]) {
      node(item, x.work, x.workEnd - x.work, workColor[item.work],
        [drawn("rect", { x: x.work, y: item.y, width: x.workEnd - x.work, height: item.h, rx: 5, fill: "var(--hover)" }),
          drawn("rect", { x: x.work, y: item.y, width: 4, height: item.h, rx: 2, fill: workColor[item.work] }),
          text(x.work + 12, item, cut(item.key, x.workEnd - x.work - 16))],
        (l) => l.through === item, () => list.filterBy({ does: item.key }), [item.key, `${plural(Math.round(item.tensors), "tensor")}, ${bytesText(Math.round(item.bytes))}`]);
    }
    for (const item of columnsOf[2]) {
      const words = title(item), repeats = repeatsText(item), size = bytesText(item.bytes);
      node(item, x.block, right, "var(--soft)",
        [text(x.block + 12, item, cut(`${words}${repeats ? `  ${repeats}` : ""}`, right - 84)),
          drawn("text", { class: "small", x: width - 2, y: item.y + Math.min(item.h / 2, 60) + 4, "text-anchor": "end" }, size)],
        (l) => l.to === item, () => list.reveal(item.nodes.length > 1 ? item.parent ?? item.nodes[0] : item.nodes[0]),
        [`${words} ${repeats}`, `${plural(item.tensors, "tensor")}, ${size}`]);
    }
    box.replaceChildren(picture);
  }
  return { draw };
})();

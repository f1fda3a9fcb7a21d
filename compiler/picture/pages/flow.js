// Sources on the left, what is done in the middle, blocks of the outputs on the right; as thick as
// there are bytes in the outputs, but never too thin to be seen.

const flow = (() => {
  const mostBlocks = 18, mostWorks = 9, rowHeight = 20, headHeight = 18, gap = 5;

  // Levels of the tree that fit: the heaviest is opened as long as there is room, down to the blocks
  // of a layer.
  function chooseBlocks() {
    let blocks = group(data.tree, null);
    while (true) {
      const open = blocks
        .filter((b) => b.nodes.length === 1 && b.nodes[0].c && !b.nodes[0].parent?.axes.length)
        .map((b) => ({ b, parts: group(b.nodes[0].c, b.nodes[0]) }))
        .filter(({ parts }) => blocks.length - 1 + parts.length <= mostBlocks)
        .sort((x, y) => y.b.bytes - x.b.bytes)[0];
      if (!open) return blocks;
      blocks.splice(blocks.indexOf(open.b), 1, ...open.parts);
    }
  }
  // Leaves that lie side by side are one block, but for those that weigh something.
  function group(nodes, parent) {
    const all = nodes.reduce((sum, n) => sum + n.bytes * n.count, 0);
    const isOwn = (n) => !isLeaf(n) || n.bytes * n.count > all / 12;
    const few = nodes.filter((n) => !isOwn(n));
    const own = nodes.filter((n) => few.length < 2 || isOwn(n)).map((n) => block([n], parent));
    return few.length < 2 ? own : [...own, block(few, parent)];
  }
  function block(nodes, parent) {
    const sum = (f) => nodes.reduce((s, n) => s + f(n) * times(n, noPicks), 0);
    return { nodes, parent, bytes: sum((n) => n.bytes), tensors: sum((n) => n.tensors), ...name(nodes, parent) };
  }

  // Under "model.vision_tower.encoder": "layers 0–15 · mlp".
  function name(nodes, parent) {
    const path = nodes.length > 1 ? pathOf(parent) : pathOf(nodes[0]);
    const more = nodes.length > 1 ? plural(nodes.length, parent ? "other" : "tensor") : "";
    const repeat = path.findIndex((n) => n.n);
    const head = [], own = [];
    path.forEach((n, k) => {
      if (k === repeat - 1) {
        const segments = n.l.split(".");
        head.push(...segments.slice(0, -1));
        own.push(`${segments[segments.length - 1]} ${rangesText(path[repeat].n)}`);
      } else if (k !== repeat) {
        (repeat < 0 ? more || k < path.length - 1 : k < repeat) ? head.push(n.l) : own.push(n.n ? rangesText(n.n) : n.l);
      }
    });
    if (repeat === 0) own.unshift(rangesText(path[0].n));
    return { head: head.join("."), title: [...own, ...(more ? [more] : [])].join(" · ") };
  }
  function repeatsText({ nodes }) {
    const n = nodes[0].axes.reduce((product, axis) => product * axis.count, 1);
    return n > 1 ? `×${countText(n)}` : "";
  }

  function leavesIn(node) {
    return isLeaf(node) ? [node] : node.c.flatMap(leavesIn);
  }

  // Both factors of a matrix are made by the same work.
  const doneTo = (leaf) => doesText(leaf).replace(/ · (left|right) factor$/, "");

  // From a source through a work to a block; a source of −1 is nothing.
  function links(blocks) {
    const sums = new Map();
    blocks.forEach((b, at) => {
      for (const leaf of b.nodes.flatMap(leavesIn)) {
        const from = leaf.sources.size ? [...leaf.sources] : [-1];
        const bytes = (leaf.b * times(leaf, noPicks)) / from.length;
        for (const source of from) {
          const key = JSON.stringify([source, doneTo(leaf), at]);
          const known = sums.get(key) ?? { source, does: doneTo(leaf), work: leaf.w, at, bytes: 0, tensors: 0 };
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
    for (const leaf of leaves) leaf.flow = named(doneTo(leaf), leaf.w);
  }

  // What a column takes when all its items are as low as they may be.
  const leastHeight = (items) => items.reduce((sum, item) => sum + rowHeight + gap + (item.isFirst ? headHeight : 0), 0);

  // Places of a column's items: at least a row high, the rest by bytes.
  function place(items, height) {
    const total = items.reduce((sum, item) => sum + item.bytes, 0) || 1;
    const spare = Math.max(0, height - leastHeight(items));
    let y = 0;
    for (const item of items) {
      if (item.isFirst) y += headHeight;
      item.h = rowHeight + spare * (item.bytes / total);
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
    const most = Math.max(6, Math.floor(width / 6.5));
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
  }

  function draw() {
    const box = byId("flow");
    const blocks = chooseBlocks();
    const all = links(blocks);
    nameWorks(all);
    const columnsOf = columns(all, blocks);
    const width = Math.max(620, box.clientWidth - 32);
    blocks.forEach((b, k) => { b.isFirst = b.head !== "" && b.head !== blocks[k - 1]?.head; });
    const height = Math.max(140, Math.max(...columnsOf.map(leastHeight)) + 36);
    const top = 30;
    for (const column of columnsOf) place(column, height);
    const names = columnsOf[0].map((item) => (item.key < 0 ? 7 : data.sources[item.key].name.length));
    const side = Math.min(width * 0.2, Math.max(88, Math.max(...names) * 7.4 + 22)), right = width * 0.42;
    const middle = width * 0.23;
    const x = { source: side, work: (side + width - right - middle) / 2, workEnd: (side + width - right + middle) / 2, block: width - right };
    const picture = drawn("svg", { viewBox: `0 0 ${width} ${height + top + 4}`, role: "group", "aria-label": "Sources, what is done, and blocks of the outputs" });
    [["Sources", x.source - 60], ["What is done", x.work], ["Outputs", x.block]].forEach(([text, at]) =>
      picture.append(drawn("text", { class: "head", x: at, y: 16 }, text)));
    const body = drawn("g", { transform: `translate(0 ${top})` });
    picture.append(body);

    const ribbons = [];
    const join = (from, to, key, x0, x1) => {
      const joined = new Map();
      for (const link of all) {
        const known = joined.get(key(link)) ?? { ...link, bytes: 0, links: [] };
        known.bytes += link.bytes;
        known.links.push(link);
        joined.set(key(link), known);
      }
      for (const link of [...joined.values()].sort((a, b) => a[from].y - b[from].y || a[to].y - b[to].y || a.source - b.source)) {
        const path = drawn("path", { class: "ribbon", d: ribbon(x0, take(link[from], "right", link.bytes), x1, take(link[to], "left", link.bytes)),
          fill: link.source < 0 ? "var(--none)" : sourceColor(link.source) });
        ribbons.push({ path, link });
        body.append(path);
      }
    };
    join("from", "through", (l) => `${l.source} ${l.does}`, x.source, x.work);
    join("through", "to", (l) => `${l.does} ${l.at} ${l.source}`, x.workEnd, x.block);

    const light = (on) => {
      box.classList.toggle("lit", Boolean(on));
      for (const { path, link } of ribbons) path.classList.toggle("on", Boolean(on && link.links.some(on)));
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
    const text = (x0, item, words, more = {}) => drawn("text", { x: x0, y: item.y + item.h / 2 + 4, ...more }, words);
    for (const item of columnsOf[0]) {
      const source = data.sources[item.key];
      const name = source ? source.name : "nothing";
      const read = source ? source.files.reduce((sum, f) => sum + f.read, 0) : 0;
      const end = { "text-anchor": "end" };
      const lines = [text(x.source - 12, item, cut(name, side - 12), { class: "mono", ...end })];
      if (source && item.h > 38) lines.push(drawn("text", { class: "small", x: x.source - 12, y: item.y + item.h / 2 + 20, ...end }, `${bytesText(read)} read`));
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
      const repeats = repeatsText(item), size = bytesText(item.bytes);
      if (item.isFirst) body.append(drawn("text", { class: "head", x: x.block, y: item.y - 6 }, cut(item.head, right)));
      node(item, x.block, right, "var(--soft)",
        [text(x.block + 12, item, cut(item.title, right - 130)),
          text(width - 74, item, repeats, { class: "small", "text-anchor": "end" }),
          text(width - 2, item, size, { class: "small", "text-anchor": "end" })],
        (l) => l.to === item, () => list.reveal(item.nodes.length > 1 ? item.parent ?? item.nodes[0] : item.nodes[0]),
        [`${item.head ? `${item.head}.` : ""}${item.title} ${repeats}`, `${plural(item.tensors, "tensor")}, ${size}`]);
    }
    box.replaceChildren(picture);
  }
  return { draw };
})();

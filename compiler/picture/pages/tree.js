// The tensors: as a tree, or those that a search or a filter leaves.

const list = (() => {
  const open = new Set(), each = new Set();
  let chosen = null, filter = {}, words = [];
  const box = byId("tree");
  const rows = new Rows(box, { draw: drawRow, act: actOnKey, choose: (given) => { const { node, picks } = rowOf(given); select(node, picks); } });
  const mostBytes = Math.max(1, ...data.tree.map((n) => n.bytes * n.count));

  // A level that only numbers something is one row with what it numbers.
  function follow(node) {
    return !isLeaf(node) && node.c.length === 1 && node.c[0].n && !node.n ? node.c[0] : node;
  }
  function addRows(out, node, picks, depth, above) {
    const under = follow(node);
    const title = under !== node ? `${node.l} ${rangesText(under.n)}` : node.n ? `${above ? `${above} ` : ""}${numberText(node, picks).replace(/[{}]/g, "")}` : node.l;
    const row = { node: under, picks, depth, title, key: keyOf(under, picks), isGroup: under.n && under.count > 1 && !picks.has(under) };
    out.push(row);
    row.canOpen = !isLeaf(under) || row.isGroup;
    if (!open.has(row.key)) return;
    const last = (under.n ? under.parent?.l ?? "" : under.l).split(".").pop();
    if (row.isGroup && each.has(row.key)) {
      for (let k = 0; k < under.count; ++k) addRowsOfOne(out, under, new Map(picks).set(under, k), depth + 1, last);
    } else {
      for (const child of under.c ?? []) addRows(out, child, picks, depth + 1, last);
    }
  }
  function addRowsOfOne(out, node, picks, depth, above) {
    const row = { node, picks, depth, title: `${above ? `${above} ` : ""}${numberText(node, picks)}`, key: keyOf(node, picks), canOpen: !isLeaf(node) };
    out.push(row);
    if (open.has(row.key)) for (const child of node.c ?? []) addRows(out, child, picks, depth + 1, above);
  }
  function treeRows() {
    const out = [];
    for (const node of data.tree) addRows(out, node, noPicks, 0, "");
    return out;
  }

  function leafPasses(leaf) {
    return (filter.rule === undefined || leaf.r === filter.rule) && (filter.source === undefined || (filter.source < 0 ? !leaf.sources.size : leaf.sources.has(filter.source))) &&
      (filter.does === undefined || leaf.flow === filter.does);
  }
  // Without words, alike tensors stay one row; with words, each that fits is one.
  function foundRows() {
    const passing = new Set(leaves.filter(leafPasses));
    if (!words.length)
      return [...passing].map((node) => ({ node, picks: noPicks, depth: 0, title: nameOf(node), key: keyOf(node), flat: true, isGroup: times(node, noPicks) > 1 }));
    everything.make();
    const fits = matcher(words), out = [];
    everything.lower.forEach((name, k) => { if (fits(name) && passing.has(everything.leaf[k])) out.push(k); });
    return out;  // numbers, which drawRow turns into rows: there may be 145,000
  }
  function rowOf(row) {
    if (typeof row !== "number") return row;
    const node = everything.leaf[row], picks = picksOf(node, everything.member[row]);
    return { node, picks, depth: 0, title: everything.names[row], key: keyOf(node, picks), flat: true };
  }

  const isFiltered = () => words.length > 0 || Object.keys(filter).length > 0;
  function filterText() {
    if (filter.rule !== undefined) return recipe.text(filter.rule);
    if (filter.source !== undefined) return filter.source < 0 ? "made from nothing" : `from ${data.sources[filter.source].name}`;
    return filter.does ?? "";
  }
  function refresh() {
    const found = isFiltered();
    const now = found ? foundRows() : treeRows();
    rows.set(now, `No tensor's name has “${words.join(" ")}” in it.`);
    const tensors = words.length ? now.length : now.reduce((sum, row) => sum + (found ? times(row.node, row.picks) : 0), 0);
    byId("status").textContent = found ? `${countText(tensors)} of ${plural(data.totals.tensors, "tensor")}` : `${plural(data.totals.tensors, "tensor")} in ${plural(leaves.length, "line")}; what repeats is there once`;
    byId("filter").replaceChildren(...(filterText() ? [element("button", { class: "chip on", type: "button", "aria-label": `Remove the filter ${filterText()}`, onclick: () => filterBy({}) }, filterText(), " ✕")] : []));
  }

  function drawName(row) {
    const chip = row.isGroup
      ? row.flat ? element("span", { class: "chip" }, `×${countText(times(row.node, row.picks))}`)
        : element("button", { class: `chip${each.has(row.key) ? " on" : ""}`, type: "button", tabindex: -1, "aria-pressed": each.has(row.key),
          title: each.has(row.key) ? "Show what they have in common" : "Show each by itself", onclick: (event) => { event.stopPropagation(); takeApart(row); } }, `×${countText(row.node.count)}`)
      : null;
    const caret = row.flat ? null : element("span", { class: "caret", onclick: (event) => { event.stopPropagation(); if (row.canOpen) toggle(row); } }, row.canOpen ? chevron() : null);
    return element("span", { class: "name", style: { paddingLeft: `${row.depth * 18}px` }, title: nameOf(row.node, row.picks) }, caret, element("span", {}, marked(shown(row.title), words)), chip);
  }
  function mix(node) {
    return element("span", { class: "mix" }, node.works.map((bytes, k) => bytes > 0 ? element("i", { style: { flex: `${bytes} 0 2px`, background: workColor[k] } }) : null));
  }
  function drawRow(given, k) {
    const row = rowOf(given);
    const { node, picks } = row;
    const n = times(node, picks), bytes = node.bytes * n, leaf = isLeaf(node);
    const isOpen = !row.flat && open.has(row.key);
    const from = node.sources.size ? [[...node.sources].slice(0, 4).map((s) => dot(sourceColor(s))), node.sources.size === 1 ? data.sources[[...node.sources][0]].name : `${node.sources.size} sources`].flat() : ["—"];
    return element("div", { class: `row${isOpen ? " open" : ""}${chosen === row.key ? " chosen" : ""}`, role: "treeitem", "aria-level": row.depth + 1, "aria-expanded": row.flat || !row.canOpen ? undefined : isOpen,
      "aria-selected": chosen === row.key, "aria-posinset": k + 1, "aria-setsize": rows.rows.length },
    drawName(row),
    element("span", { class: "shape" }, leaf ? `${node.d} ${shapeText(node)}` : plural(node.tensors * n, "tensor")),
    element("span", { class: "does", title: leaf ? doesText(node) : node.works.map((b, w) => (b ? `${bytesText(b * n)} ${works[w]}` : "")).filter((t) => t).join(", ") },
      leaf ? [element("i", { class: "work", style: { background: workColor[node.w] } }), element("span", {}, doesText(node))] : mix(node)),
    element("span", { class: "from" }, from),
    element("span", { class: "bytes" }, bytesText(bytes), bytes > mostBytes / 200 ? element("i", { style: { width: `${(100 * bytes) / mostBytes}%` } }) : null));
  }

  function toggle(row) {
    if (open.has(row.key)) open.delete(row.key);
    else if (row.isGroup && isLeaf(row.node)) {
      each.add(row.key);  // its parts are nothing but its numbers
      open.add(row.key);
    } else open.add(row.key);
    refresh();
  }
  function takeApart(row) {
    if (each.delete(row.key)) {
      if (isLeaf(row.node)) open.delete(row.key);
    } else {
      each.add(row.key);
      open.add(row.key);
    }
    refresh();
  }
  function actOnKey(given, k, key) {
    const row = rowOf(given);
    if (row.flat) return false;
    if (key === "ArrowRight") {
      if (row.canOpen && !open.has(row.key)) toggle(row);
      else if (open.has(row.key)) rows.move(k + 1);
      return true;
    }
    if (key === "ArrowLeft") {
      if (open.has(row.key)) toggle(row);
      else for (let above = k - 1; above >= 0; --above) if (rows.rows[above].depth < row.depth) { rows.move(above); break; }
      return true;
    }
    if ((key === "e" || key === "*") && row.isGroup) {
      takeApart(row);
      return true;
    }
    return false;
  }

  // Opens what is above a node, so that its row is there, and gives the row's number.
  function openTo(node, picks) {
    const path = pathOf(node);
    const fixed = new Map();
    for (const step of path) {
      const key = keyOf(step, fixed);
      if (step !== node) open.add(key);
      if (picks.has(step)) {
        each.add(key);
        open.add(key);
        fixed.set(step, picks.get(step));
        if (step !== node) open.add(keyOf(step, fixed));
      } else if (step.n && step.count > 1) each.delete(key);
    }
  }
  function reveal(node, picks = noPicks) {
    if (isFiltered()) clear();
    openTo(node, picks);
    refresh();
    select(node, picks, {});
    const k = rows.rows.findIndex((row) => row.key === keyOf(follow(node), picks));
    if (k >= 0) rows.move(k);
  }
  function select(node, picks, { reveal: shows } = {}) {
    if (shows && !isFiltered()) return reveal(node, picks);
    chosen = keyOf(follow(node), picks);
    detail.show(node, picks);
    rows.repaint();
    try { history.replaceState(null, "", `#${new URLSearchParams({ tensor: nameOf(node, picks), ...(data.parts ? { output: partOf(node) } : {}) })}`); } catch { /* of a page that has no address */ }
  }
  function clear() {
    filter = {};
    words = [];
    byId("search").value = "";
  }
  function filterBy(next) {
    filter = next;
    refresh();
    if (Object.keys(next).length) byId("tensors").scrollIntoView({ block: "start" });
  }
  function search(query) {
    words = searchWords(query);
    refresh();
  }

  // As many levels as give a screen of rows; `all` levels as long as that is a list to read.
  function openLevels(most) {
    let level = treeRows().filter((row) => row.canOpen && !isLeaf(row.node) && !open.has(row.key));
    while (level.length) {
      for (const row of level) open.add(row.key);
      const now = treeRows();
      if (now.length > most) {
        for (const row of level) open.delete(row.key);
        break;
      }
      level = now.filter((row) => row.canOpen && !isLeaf(row.node) && !open.has(row.key));
    }
    refresh();
  }
  function collapse() {
    open.clear();
    each.clear();
    refresh();
  }
  return { select, reveal, filterBy, search, refresh, openLevels, collapse, rows, clear: () => { clear(); refresh(); } };
})();

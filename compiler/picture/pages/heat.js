// A cell for each layer and module: how far they are apart, or that one is missing.

const heat = (() => {
  const gap = 2, rowHeight = 20;
  const powerText = (n) => (n < -3 ? `1e${n}` : `${10 ** n}`);

  // Modules of one stack of layers, and in each cell what is worst of its tensors.
  function stacks() {
    const found = new Map();
    for (const tensor of tensors) {
      if (tensor.layer === null) continue;
      const stack = found.get(tensor.stack) ?? { name: tensor.stack, layers: new Set(), modules: new Map() };
      found.set(tensor.stack, stack);
      stack.layers.add(tensor.layer);
      const row = stack.modules.get(tensor.module) ?? new Map();
      stack.modules.set(tensor.module, row);
      const cell = row.get(tensor.layer) ?? { count: 0, difference: same, relative: 0, squares: 0, numbers: 0 };
      row.set(tensor.layer, cell);
      ++cell.count;
      cell.difference = Math.min(cell.difference, tensor.difference);
      if (tensor.relative !== undefined) {
        cell.relative = Math.max(cell.relative, tensor.relative);
        ++cell.numbers;
      }
    }
    return [...found.values()].map((s) => ({ ...s, layers: [...s.layers].sort((a, b) => a - b) }));
  }

  function paint(cell) {
    if (cell.difference < 3) return { fill: differences[cell.difference].color };
    if (cell.numbers) return { fill: heatColor(strength(cell.relative)) };
    return { fill: differences[cell.difference].color };
  }
  function said(stack, module, layer, cell) {
    return [`${stack.name}.${layer}.${module}`, `${plural(cell.count, "tensor")}: ${differences[cell.difference].name}`,
      cell.numbers ? `relative distance ${numberText(cell.relative)}${cell.count > 1 ? " at most" : ""}` : ""].filter((l) => l);
  }

  function drawStack(stack) {
    const modules = [...stack.modules.keys()].sort();
    const label = Math.min(420, Math.max(...modules.map((m) => m.length)) * 7 + 16);
    const room = byId("heat").clientWidth - 34 - label;
    const cellWidth = Math.max(14, Math.min(30, Math.floor(room / stack.layers.length) - gap));
    const step = cellWidth + gap;
    const width = label + stack.layers.length * step, height = 20 + modules.length * rowHeight;
    const picture = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Distance by layer of ${stack.name}` });
    const every = step >= 24 ? 1 : step >= 18 ? 2 : 5;
    stack.layers.forEach((layer, k) => {
      if (k % every === 0) picture.append(drawn("text", { class: "no", x: label + k * step + cellWidth / 2, y: 12 }, layer));
    });
    modules.forEach((module, row) => {
      const y = 20 + row * rowHeight;
      picture.append(drawn("text", { x: 0, y: y + 13 }, module.length > 58 ? `${module.slice(0, 57)}…` : module));
      stack.layers.forEach((layer, k) => {
        const cell = stack.modules.get(module).get(layer);
        if (!cell) return;
        const lines = said(stack, module, layer, cell);
        picture.append(drawn("rect", { class: "cell", x: label + k * step, y, width: cellWidth, height: rowHeight - gap, style: paint(cell), tabindex: cell.difference === same ? undefined : 0, role: "button", "aria-label": lines.join(", "),
          onpointermove: (event) => tip.show(event, ...lines), onpointerleave: () => tip.hide(),
          onclick: () => list.filterBy({ stack: stack.name, layer, module }),
          onkeydown: (event) => { if (event.key === "Enter") list.filterBy({ stack: stack.name, layer, module }); } }));
      });
    });
    return element("div", {}, element("h3", {}, stack.name || "layers"), element("div", { class: "scroll" }, picture));
  }

  function draw() {
    const all = stacks();
    const kinds = new Set(tensors.map((t) => t.difference));
    const ramp = element("i", { class: "ramp", style: { background: "linear-gradient(90deg, var(--d-same), var(--d-values) 60%, var(--hot))" } });
    const scale = element("div", { class: "scale" },
      data.headers_only ? null : element("span", {}, `relative distance ${powerText(range.low)}`, ramp, powerText(range.high)),
      [0, 1, 2].filter((k) => kinds.has(k)).map((k) => element("span", {}, dot(differences[k].color), differences[k].name)));
    byId("heat").replaceChildren(...(all.length ? [scale, ...all.map(drawStack)] : [element("p", { class: "nothing" }, "No tensor's name has a layer in it.")]));
  }
  return { draw };
})();

// What is known of the selected tensor, or of several that are alike: from where, by what, to where.

const detail = (() => {
  function operandItem(operand, k, leaf, picks) {
    return element("li", {}, element("span", { class: "num" }, String.fromCharCode(97 + (k % 26))), dot(sourceColor(operand[0])),
      `${data.sources[operand[0]].name} `, element("span", { class: "mono" }, operandName(operand, leaf, picks)));
  }
  function programItems(lines) {
    const label = (input) => (input < 0 ? String.fromCharCode(97 + ((-1 - input) % 26)) : `${input + 1}`);
    return lines.map(([words, inputs], k) =>
      element("li", {}, element("span", { class: "num" }, k + 1), words, inputs.length ? element("span", { class: "of" }, `  of ${inputs.map(label).join(", ")}`) : null));
  }

  // Goes through the tensors that a line stands for, one at a time.
  function stepper(leaf, picks) {
    const all = leaf.axes.reduce((product, axis) => product * axis.count, 1);
    if (all === 1) return null;
    const picked = isPicked(leaf, picks), member = memberOf(leaf, picks);
    const go = (to) => list.select(leaf, picksOf(leaf, (to + all) % all), { reveal: true });
    return element("div", { class: "stepper" },
      element("button", { class: "quiet", type: "button", "aria-label": "The tensor before", onclick: () => go(picked ? member - 1 : all - 1) }, "‹"),
      picked ? `${countText(member + 1)} of ${countText(all)} alike` : `${countText(times(leaf, picks))} alike`,
      element("button", { class: "quiet", type: "button", "aria-label": "The next tensor", onclick: () => go(picked ? member + 1 : 0) }, "›"));
  }

  function ruleLink(rule) {
    return element("a", { class: "rule mono", href: "#recipe", onclick: (event) => { event.preventDefault(); recipe.light(rule); byId("recipe").focus(); } }, recipe.text(rule));
  }

  function shardsText(leaf, picks) {
    const ids = isPicked(leaf, picks) ? [runAt(leaf.f, memberOf(leaf, picks))] : [...new Set(runValues(leaf.f))];
    return ids.length === 1 ? data.shards[ids[0]].name : `${ids.length} shards`;
  }

  function drawLeaf(leaf, picks) {
    const n = times(leaf, picks);
    const operands = leaf.o ?? [];
    const parts = [element("h2", {}, nameOf(leaf, picks)),
      element("p", { class: "kind" }, `${leaf.d} [${leaf.s.join(", ")}], ${n > 1 ? `${countText(n)} of ${bytesText(leaf.b)}, ` : ""}${bytesText(leaf.b * n)}`), stepper(leaf, picks)];
    parts.push(element("h3", {}, operands.length ? `${works[leaf.w][0].toUpperCase()}${works[leaf.w].slice(1)} from` : "Made from nothing"));
    if (operands.length) {
      parts.push(element("ol", { class: "operands" }, operands.map((o, k) => operandItem(o, k, leaf, picks)),
        leaf.more ? element("li", { class: "soft" }, `and ${countText(leaf.more)} more`) : null));
    }
    if (leaf.p !== undefined) parts.push(element("h3", {}, "By"), element("ol", { class: "program" }, programItems(data.programs[leaf.p])));
    else if (chainText(leaf)) parts.push(element("h3", {}, "By"), element("p", {}, chainText(leaf)));
    parts.push(element("h3", {}, "To"), element("p", {}, partOf(leaf) ? `${partOf(leaf)}: ` : "", element("span", { class: "mono" }, shardsText(leaf, picks))));
    if (leaf.r !== undefined) parts.push(element("h3", {}, "Said in"), element("p", {}, ruleLink(leaf.r), element("span", { class: "soft" }, `  ${plural(recipe.count(leaf.r), "tensor")}`)));
    return parts;
  }
  function drawBlock(node, picks) {
    const n = times(node, picks);
    const by = node.works.map((bytes, k) => [works[k], bytes * n]).filter(([, bytes]) => bytes > 0);
    return [element("h2", {}, nameOf(node, picks) || partOf(node)),
      element("p", { class: "kind" }, `${plural(node.tensors * n, "tensor")}, ${bytesText(node.bytes * n)}`),
      element("h3", {}, "From"), element("p", {}, node.sources.size ? [...node.sources].map((s) => [dot(sourceColor(s)), `${data.sources[s].name}  `]).flat() : "nothing"),
      element("h3", {}, "Bytes"), element("p", {}, by.map(([work, bytes]) => `${bytesText(bytes)} ${work}`).join(", "))];
  }
  function drawNothing() {
    // The checks of one rule differ in what its captures are.
    const byRule = new Map();
    for (const [description, rule] of data.checks) byRule.set(rule, [...(byRule.get(rule) ?? []), description]);
    const checks = data.checks.length
      ? [element("h3", {}, `${plural(data.checks.length, "check")} before it is published`),
        element("ol", {}, [...byRule].map(([rule, descriptions]) => element("li", {},
          descriptions.length === 1 ? descriptions[0] : `${descriptions[0].replace(/ \([^()]*\)$/, "")}  ×${descriptions.length}`, "  ", rule >= 0 ? ruleLink(rule) : null)))]
      : [];
    return [element("p", { class: "empty" }, "Choose a tensor to see what it is made of, or a rule below to see what it makes."), ...checks];
  }

  function show(node, picks) {
    const parts = !node ? drawNothing() : isLeaf(node) ? drawLeaf(node, picks) : drawBlock(node, picks);
    byId("detail").replaceChildren(...parts.flat().filter((p) => p));
    byId("detail").scrollTop = 0;
    recipe.light(node && isLeaf(node) ? node.r ?? -1 : -1);
    const leafStep = node && isLeaf(node) ? (isPicked(node, picks) ? runAt(node.t, memberOf(node, picks)) : runValues(node.t)[0]) : null;
    memory.mark(leafStep);
  }
  return { show };
})();

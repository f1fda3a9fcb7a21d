// The recipe as it is written, with the lines of the selected tensor's rule lit, and beside each
// rule how many tensors it makes. A rule that is chosen shows them.

const recipe = (() => {
  const counts = data.rules.map(() => 0);
  for (const leaf of leaves) {
    if (leaf.r !== undefined) counts[leaf.r] += times(leaf, noPicks);
  }
  let drawnPath = null;
  const linesDrawn = [];

  // Comments and keys stand out a little; the rest is as it is.
  function colored(text) {
    const comment = text.search(/(^|\s)#/);
    const code = comment < 0 ? text : text.slice(0, comment);
    const key = /^(\s*(?:- )?)([\w."'${}-]+)(:)(?=\s|$)/.exec(code);
    const parts = key ? [key[1], element("span", { class: "key" }, key[2]), code.slice(key[1].length + key[2].length)] : [code];
    if (comment >= 0) parts.push(element("span", { class: "comment" }, text.slice(comment)));
    return parts;
  }
  function ruleAt(path, line) {
    return data.rules.findIndex((r, k) => counts[k] > 0 && r.path === path && r.first <= line && line <= r.last);
  }

  function draw(path) {
    if (path === drawnPath) return;
    drawnPath = path;
    linesDrawn.length = 0;
    const text = data.texts.find((t) => t.path === path);
    const lines = text.text.replace(/\r\n/g, "\n").replace(/\n$/, "").split("\n");
    const box = element("div", { class: "lines" });
    lines.forEach((content, k) => {
      const rule = ruleAt(path, k + 1);
      const node = element("div", { class: rule < 0 ? "line" : "line ruled" }, element("span", { class: "no" }, k + 1), element("span", { class: "code" }, colored(content)));
      if (rule >= 0) {
        node.addEventListener("click", () => { if (!String(getSelection())) list.filterBy({ rule }); });
        if (data.rules[rule].line === k + 1) {
          node.append(element("button", { class: "chip count", type: "button", "aria-label": `Show the ${plural(counts[rule], "tensor")} of this rule` }, `×${countText(counts[rule])}`));
        }
      }
      linesDrawn.push(node);
      box.append(node);
    });
    const others = data.texts.length > 1 ? `${data.texts.findIndex((t) => t.path === path) + 1} of ${data.texts.length}` : "";
    byId("recipe").replaceChildren(element("h2", {}, element("span", {}, path), element("small", {}, others || plural(lines.length, "line"))), box);
  }

  // Lights the rule and brings it into sight; −1 lights none.
  function light(rule) {
    for (const node of linesDrawn) node.classList.remove("lit");
    const where = data.rules[rule];
    if (!where) return;
    if (!data.texts.some((t) => t.path === where.path)) return;
    draw(where.path);
    for (let line = where.first; line <= where.last; ++line) linesDrawn[line - 1]?.classList.add("lit");
    const box = byId("recipe"), node = linesDrawn[where.line - 1];
    if (!node) return;
    const top = linesDrawn[where.first - 1].offsetTop - box.offsetTop;
    if (top < box.scrollTop + 50 || linesDrawn[where.last - 1].offsetTop - box.offsetTop > box.scrollTop + box.clientHeight - 40)
      box.scrollTop = Math.max(0, top - 80);
  }

  function begin() {
    const main = data.texts.find((t) => t.path === data.path) ?? data.texts[0];
    if (main) draw(main.path);
    else byId("recipe").replaceChildren(element("p", { class: "nothing" }, "Made from a plan file: the recipe may have changed since, and is not shown."));
  }
  return { begin, light, text: (rule) => `${data.rules[rule].path === data.path ? "line " : `${data.rules[rule].path}:`}${data.rules[rule].line}`, count: (rule) => counts[rule] };
})();

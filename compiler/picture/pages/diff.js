// The list of tensors, the kinds of differences, and the rest of the page.

const list = (() => {
  let filter = {}, words = [], byDistance = true, chosen = null;
  const rows = new Rows(byId("tree"), { draw: drawRow, act: () => false, choose: (tensor) => { chosen = tensor; rows.repaint(); } });

  // Changes first and the farthest of them; what is equal comes last in any case.
  const weight = (t) => [t.difference === same ? 1 : 0, -(t.relative ?? (t.difference < 3 ? Infinity : 0))];
  function passes(t) {
    return (filter.difference === undefined || t.difference === filter.difference) &&
      (filter.layer === undefined || (t.layer === filter.layer && t.stack === filter.stack && t.module === filter.module));
  }
  function refresh() {
    const fits = matcher(words);
    const found = tensors.filter((t) => passes(t) && fits(t.lower));
    if (byDistance) found.sort((x, y) => weight(x)[0] - weight(y)[0] || weight(x)[1] - weight(y)[1] || 0);
    rows.set(found, "No tensor fits.");
    byId("status").textContent = found.length === tensors.length ? plural(tensors.length, "tensor") : `${countText(found.length)} of ${plural(tensors.length, "tensor")}`;
    byId("order").textContent = byDistance ? "Order by name" : "Farthest first";
    const text = filter.layer === undefined ? "" : `${filter.stack}.${filter.layer}.${filter.module}`;
    byId("filter").replaceChildren(...(text ? [element("button", { class: "chip on", type: "button", "aria-label": `Remove the filter ${text}`, onclick: () => filterBy({}) }, text, " ✕")] : []));
    for (const button of byId("kinds").children) button.setAttribute("aria-pressed", String(Number(button.dataset.kind) === filter.difference));
  }
  function drawRow(t, k) {
    const difference = differences[t.difference];
    const strange = t.strange ? `, ${plural(t.strange, "pair")} not finite` : "";
    const share = t.differing === undefined ? "" : `${countText(t.differing)} of ${countText(t.elements)} elements differ${strange}`;
    return element("div", { class: `row${t === chosen ? " chosen" : ""}`, role: "option", "aria-selected": t === chosen, "aria-posinset": k + 1, "aria-setsize": rows.rows.length, title: share ? `${t.name}\n${share}` : t.name },
      element("span", { class: "name" }, marked(shown(t.name), words)),
      element("span", { class: "what" }, dot(difference.color), difference.name),
      element("span", { class: "kind" }, kindText(t.a)),
      element("span", { class: "kind" }, t.a === t.b ? "same" : kindText(t.b)),
      element("span", { class: "number" }, numberText(t.relative), t.relative > 0 ? element("i", { style: { width: `${100 * strength(t.relative)}%` } }) : null),
      element("span", { class: "number" }, numberText(t.largest)),
      element("span", { class: "number" }, t.cosine === undefined ? "" : t.cosine.toFixed(4)));
  }
  function filterBy(next) {
    filter = next;
    refresh();
    byId("tensors").scrollIntoView({ block: "start" });
  }
  return {
    filterBy, refresh,
    toggleKind: (difference) => { filter = filter.difference === difference ? {} : { difference }; refresh(); },
    turn: () => { byDistance = !byDistance; refresh(); },
    clear: () => { byId("search").value = ""; words = []; filter = {}; refresh(); },
    search: (query) => { words = searchWords(query); refresh(); },
  };
})();

function drawKinds() {
  byId("kinds").replaceChildren(...differences.map(({ name, color }, difference) => {
    const own = tensors.filter((t) => t.difference === difference);
    const bytes = own.reduce((sum, t) => sum + t.bytes, 0);
    return element("button", { type: "button", "data-kind": difference, disabled: own.length === 0, onclick: () => list.toggleKind(difference) },
      element("strong", {}, countText(own.length)), element("span", {}, dot(color), name), element("small", {}, own.length ? bytesText(bytes) : "none"));
  }));
}

function listenToKeys() {
  const search = byId("search");
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { list.search(search.value); byId("tensors").scrollIntoView({ block: "start" }); }, 120);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); byId("tree").focus({ preventScroll: true }); }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") list.clear();
    if (event.key !== "/" || event.target === search || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

const side = ({ location, tensors: n, bytes }) => `${location} (${plural(n, "tensor")}, ${bytesText(bytes)})`;
document.title = `${shown(data.a.location)} → ${shown(data.b.location)} · inarch diff`;
byId("title").textContent = shown(`${data.a.location} → ${data.b.location}`);
byId("subtitle").textContent = shown(`A is ${side(data.a)}, B is ${side(data.b)}${data.headers_only ? "; values were not compared" : ""}`);
drawKinds();
heat.draw();
list.refresh();
listenToKeys();
byId("order").addEventListener("click", () => list.turn());

// Puts the page together.

function drawFacts() {
  const t = data.totals, m = data.memory;
  document.title = `${shown(data.recipe || data.path)} · inarch plan`;
  byId("title").textContent = shown(data.recipe || data.path);
  byId("subtitle").textContent = shown(`${data.path} · planned by inarch ${data.tool}`);
  byId("facts").replaceChildren(
    fact("Tensors", countText(t.tensors)),
    fact("Parameters", countText(t.parameters), t.buffer_elements ? `+ ${countText(t.buffer_elements)} in buffers` : ""),
    fact("Written", bytesText(t.written), t.computed ? `${bytesText(t.computed)} computed` : "all as it was"),
    fact("Read", bytesText(t.read), `of ${plural(data.sources.length, "source")}`),
    fact("Memory", memoryText(m.peak), `of ${memoryText(m.budget)}, ${plural(m.jobs, "worker")}`));
}

function listenToKeys() {
  const search = byId("search");
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      list.search(search.value);
      byId("tensors").scrollIntoView({ block: "start" });
    }, 120);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      byId("tree").focus({ preventScroll: true });
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") list.clear();
    if (event.key !== "/" || event.target === search || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

function drawPictures() {
  flow.draw();
  memory.draw();
}

drawFacts();
drawFiles();
recipe.begin();
drawPictures();
detail.show(null, noPicks);
list.openLevels(45);
listenToKeys();
byId("expand").addEventListener("click", () => list.openLevels(5000));
byId("collapse").addEventListener("click", () => list.collapse());
let drawing = 0;
addEventListener("resize", () => {
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(drawPictures);
});
const asked = new URLSearchParams(location.hash.slice(1));
if (asked.has("tensor")) {
  const found = everything.find(asked.get("tensor"), asked.get("output") ?? "");
  if (found) list.reveal(found.node, found.picks);
}

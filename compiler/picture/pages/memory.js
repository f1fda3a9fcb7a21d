// What a run holds from start to end, against its budget. Time is bytes read and written.

const memory = (() => {
  const m = data.memory;
  const ends = [...m.begins.slice(1), m.end];
  const margin = { left: 66, right: 10, top: 20, bottom: 22 };
  const height = 210;
  let scale, cursor, here, at = -1, tensor = null;

  // Round marks of memory: powers of two times 1, or 1.5 and 3 where these are far apart.
  function marks(most) {
    const step = 2 ** Math.floor(Math.log2(most / 2.5));
    const list = [];
    for (let value = step; value < most; value += step) list.push(value);
    return list;
  }

  function draw() {
    const box = byId("memory");
    const width = Math.max(300, box.clientWidth - 28);
    const high = Math.max(...m.memory, m.peak);
    const shows = m.budget <= high * 2.2;
    const most = (shows ? Math.max(high, m.budget) : high) * 1.12;
    const x = (bytes) => margin.left + (width - margin.left - margin.right) * (m.end ? bytes / m.end : 0);
    const y = (bytes) => height - margin.bottom - (height - margin.top - margin.bottom) * (bytes / most);
    scale = { x, y, width };
    const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img",
      "aria-label": `Memory over time: at most ${memoryText(m.peak)} of ${memoryText(m.budget)}. Arrow keys go through the steps.` });
    for (const mark of marks(most)) {
      picture.append(drawn("line", { class: "grid", x1: x(0), x2: x(m.end), y1: y(mark), y2: y(mark) }),
        drawn("text", { x: x(0) - 8, y: y(mark) + 4, "text-anchor": "end" }, memoryText(mark)));
    }
    let edge = "";
    m.begins.forEach((begin, k) => { edge += `${k ? "L" : "M"}${x(begin)} ${y(m.memory[k])}L${x(ends[k])} ${y(m.memory[k])}`; });
    if (edge) {
      picture.append(drawn("path", { class: "work", d: `${edge}L${x(m.end)} ${y(m.base)}L${x(0)} ${y(m.base)}Z` }),
        drawn("path", { class: "edge", d: edge }));
    }
    picture.append(drawn("rect", { class: "base", x: x(0), y: y(m.base), width: x(m.end) - x(0), height: y(0) - y(m.base) }));
    picture.append(drawn("line", { class: "peak", x1: x(0), x2: x(m.end), y1: y(m.peak), y2: y(m.peak) }));
    if (shows) {
      picture.append(drawn("line", { class: "budget", x1: x(0), x2: x(m.end), y1: y(m.budget), y2: y(m.budget) }),
        drawn("text", { class: "bad", x: x(m.end) - 2, y: y(m.budget) - 5, "text-anchor": "end" }, `budget ${memoryText(m.budget)}`));
    } else {
      picture.append(drawn("text", { x: x(m.end) - 2, y: 12, "text-anchor": "end" }, `budget ${memoryText(m.budget)}, far above`));
    }
    picture.append(drawn("text", { x: x(0), y: height - 6 }, "start"),
      drawn("text", { x: x(m.end), y: height - 6, "text-anchor": "end" }, `${bytesText(m.end)} read and written`));
    here = drawn("line", { class: "here", y1: margin.top, y2: y(0), visibility: "hidden" });
    cursor = drawn("line", { class: "cursor", y1: margin.top, y2: y(0), visibility: "hidden" });
    picture.append(here, cursor);
    picture.addEventListener("pointermove", (event) => {
      const inside = (event.clientX - picture.getBoundingClientRect().left) / picture.getBoundingClientRect().width;
      point(nearest(inside * width));
      if (at >= 0) tip.show(event, ...said(at));
    });
    picture.addEventListener("pointerleave", () => { point(-1); tip.hide(); });
    picture.addEventListener("blur", () => { point(-1); tip.hide(); });
    picture.addEventListener("click", choose);
    picture.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 25, PageUp: -25 }[event.key];
      if (event.key === "Enter") choose();
      else if (step) {
        point(Math.max(0, Math.min(m.begins.length - 1, at + step)));
        const place = picture.getBoundingClientRect();
        tip.show({ clientX: place.left + (x(m.begins[at]) / width) * place.width, clientY: place.top + 30 }, ...said(at));
        event.preventDefault();
      }
    });
    const swatch = (color, text) => element("span", {}, dot(color), text);
    box.replaceChildren(picture, element("p", { class: "legend" },
      swatch("var(--s0)", `${plural(m.jobs, "worker")} at work`), swatch("var(--none)", `the program itself, ${memoryText(m.base)}`),
      element("span", {}, `┄ at most ${memoryText(m.peak)}`), element("span", {}, `least ${memoryText(m.least)}`)));
    if (tensor !== null) mark(tensor);
  }

  function nearest(place) {
    const bytes = ((place - margin.left) / (scale.width - margin.left - margin.right)) * m.end;
    let low = 0, high = m.begins.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (m.begins[middle] <= bytes) low = middle;
      else high = middle - 1;
    }
    return m.begins.length ? low : -1;
  }
  function said(k) {
    return m.steps[k] === 0
      ? [`${memoryText(m.memory[k])} while finished tensors are checked`]
      : [memoryText(m.memory[k]), `at ${bytesText(m.begins[k])} of ${bytesText(m.end)}`, m.names[k],
        m.steps[k] > 1 ? `and ${plural(m.steps[k] - 1, "other step")}` : ""].filter((line) => line);
  }
  function point(k) {
    at = k;
    cursor.setAttribute("visibility", k < 0 ? "hidden" : "visible");
    if (k < 0) return;
    const middle = scale.x((m.begins[k] + ends[k]) / 2);
    cursor.setAttribute("x1", middle);
    cursor.setAttribute("x2", middle);
  }
  function choose() {
    if (at < 0 || m.names[at] === null) return;
    const found = everything.find(m.names[at]);
    if (found) list.select(found.node, found.picks, { reveal: true });
  }
  // Shows when the selected tensor is made.
  function mark(k) {
    tensor = k;
    here.setAttribute("visibility", k === null ? "hidden" : "visible");
    if (k === null || !m.begins.length) return;
    const middle = scale.x((m.begins[k] + ends[k]) / 2);
    here.setAttribute("x1", middle);
    here.setAttribute("x2", middle);
  }
  return { draw, mark };
})();

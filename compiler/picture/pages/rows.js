// A list of any length, of which only the rows in sight are in the page. It scrolls with the page.

class Rows {
  // draw(row, k) makes the element of a row; act(row, k, key) answers a key, and is true if it did.
  constructor(box, { draw, act, choose }) {
    Object.assign(this, { box, draw, act, choose, height: 30, rows: [], at: -1, drawnRows: new Map() });
    box.classList.add("rows");
    addEventListener("scroll", () => this.paint(), { passive: true });
    addEventListener("resize", () => this.paint());
    box.addEventListener("keydown", (event) => this.key(event));
    box.addEventListener("focus", () => { if (this.at < 0 && this.rows.length) this.move(0, false); });
  }

  set(rows, nothing) {
    this.rows = rows;
    this.at = Math.min(this.at, rows.length - 1);
    this.box.style.height = rows.length ? `${rows.length * this.height}px` : "";
    this.repaint();
    if (!rows.length) this.box.replaceChildren(element("p", { class: "nothing" }, nothing));
  }
  repaint() {
    this.drawnRows.clear();
    this.box.replaceChildren();
    this.paint();
  }

  paint() {
    const top = this.box.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / this.height) - 8);
    const last = Math.min(this.rows.length, Math.ceil((innerHeight - top) / this.height) + 8);
    for (const [k, node] of this.drawnRows) {
      if (k >= first && k < last) continue;
      node.remove();
      this.drawnRows.delete(k);
    }
    for (let k = first; k < last; ++k) {
      if (this.drawnRows.has(k)) continue;
      const node = this.draw(this.rows[k], k);
      node.style.top = `${k * this.height}px`;
      node.id = `row-${k}`;
      node.addEventListener("click", () => { this.move(k, false); this.choose(this.rows[k], k); });
      this.drawnRows.set(k, node);
      this.box.append(node);
    }
    this.point();
  }
  point() {
    for (const [k, node] of this.drawnRows) node.classList.toggle("at", k === this.at);
    if (this.drawnRows.has(this.at)) this.box.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  move(k, scroll = true) {
    this.at = Math.max(0, Math.min(k, this.rows.length - 1));
    if (scroll) this.show(this.at);
    this.point();
  }
  show(k) {
    const y = this.box.getBoundingClientRect().top + k * this.height;
    const above = 110, below = innerHeight - 60;
    if (y < above) scrollBy(0, y - above);
    else if (y + this.height > below) scrollBy(0, y + this.height - below);
    this.paint();
  }

  key(event) {
    if (event.target !== this.box || event.ctrlKey || event.metaKey || event.altKey || !this.rows.length) return;
    const page = Math.max(1, Math.floor(innerHeight / this.height) - 6);
    const to = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, Home: 0, End: this.rows.length - 1, PageDown: this.at + page, PageUp: this.at - page }[event.key];
    if (to !== undefined) this.move(to);
    else if (event.key === "Enter" || event.key === " ") this.choose(this.rows[this.at], this.at);
    else if (!this.act(this.rows[this.at], this.at, event.key)) return;
    event.preventDefault();
  }
}

// Bytes of sources, and how many of them are read; bytes of what is written.

function drawFiles() {
  const line = (name, bytes, share, color, said) =>
    element("div", { class: "file", title: said }, element("span", { class: "mono" }, name),
      element("span", { class: "meter" }, element("i", { style: { width: `${Math.max(share * 100, share > 0 ? 2 : 0)}%`, background: color } })),
      element("span", { class: "size" }, bytes));
  const parts = [];
  data.sources.forEach((source, k) => {
    const size = source.files.reduce((sum, f) => sum + f.bytes, 0), read = source.files.reduce((sum, f) => sum + f.read, 0);
    parts.push(element("h3", {}, dot(sourceColor(k)), source.name, element("small", {}, `  ${bytesText(read)} of ${bytesText(size)} read`)));
    for (const f of source.files)
      parts.push(line(f.name, bytesText(f.bytes), f.bytes ? f.read / f.bytes : 0, sourceColor(k), `${f.name}: ${bytesText(f.read)} of ${bytesText(f.bytes)} read`));
  });
  const written = data.shards.reduce((sum, s) => sum + s.bytes, 0), largest = Math.max(...data.shards.map((s) => s.bytes), 1);
  parts.push(element("h3", {}, dot("var(--soft)"), plural(data.shards.length, "shard"), element("small", {}, `  ${bytesText(written)} written`)));
  for (const s of data.shards)
    parts.push(line(s.name, bytesText(s.bytes), s.bytes / largest, "var(--soft)", `${s.name}: ${plural(s.tensors, "tensor")}, ${bytesText(s.bytes)}`));
  if (data.files.length) {
    parts.push(element("h3", {}, plural(data.files.length, "small file")));
    for (const [name, bytes, source] of data.files)
      parts.push(element("div", { class: "file" }, element("span", { class: "mono" }, name),
        element("span", { class: "soft" }, source === undefined ? "written" : `from ${source}`), element("span", { class: "size" }, bytesText(bytes))));
  }
  byId("files").replaceChildren(...parts);
}

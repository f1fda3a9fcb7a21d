// What two checkpoints differ in, tensor by tensor.

const differences = [
  { name: "only in A", color: "var(--d-a)" },
  { name: "only in B", color: "var(--d-b)" },
  { name: "other shape", color: "var(--d-shape)" },
  { name: "other dtype", color: "var(--d-dtype)" },
  { name: "other values", color: "var(--d-values)" },
  { name: data.headers_only ? "alike" : "equal", color: "var(--d-same)" },
];
const same = 5;

// A name's first number is its layer; what is left is the module, in which other numbers are all one.
function takeApart(name) {
  const segments = name.split(".");
  const isNumber = (s) => /^(0|[1-9]\d{0,8})$/.test(s);
  const at = segments.findIndex(isNumber);
  if (at < 0) return { stack: "", layer: null, module: name };
  const rest = segments.slice(at + 1).map((s) => (isNumber(s) ? "*" : s)).join(".");
  return { stack: segments.slice(0, at).join("."), layer: Number(segments[at]), module: rest || "·" };
}

const tensors = [];
{
  let last = "";
  for (const [[common, rest], difference, a, b, bytes, distance] of data.tensors) {
    last = last.slice(0, common) + rest;
    const [relative, largest, cosine, differing, elements, strange] = distance ?? [];
    // −1 stands for what has no finite value.
    tensors.push({ name: last, lower: last.toLowerCase(), difference, a, b, bytes, relative: relative === -1 ? Infinity : relative, largest, cosine, differing, elements, strange, ...takeApart(last) });
  }
}
const kindText = (k) => (k === null ? "—" : `${data.kinds[k][0]} ${data.kinds[k][1].join(" × ")}`);
const numberText = (x) => (x === undefined ? "" : x === Infinity || x === -1 ? "∞" : x === 0 ? "0" : x < 0.001 || x >= 1e5 ? x.toExponential(2) : x.toPrecision(3));

// How strong the color of a distance is: between the powers of ten that hold all there are.
const range = (() => {
  let low = Infinity, high = 0;
  for (const { relative } of tensors) {
    if (!(relative > 0) || relative === Infinity) continue;
    low = Math.min(low, relative);
    high = Math.max(high, relative);
  }
  if (high === 0) return { low: -1, high: 0 };
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  return { low: Math.max(first, last - 8), high: Math.max(last, first + 1) };
})();
const strength = (relative) => (relative > 0 ? Math.min(1, Math.max(0.12, (Math.log10(relative) - range.low) / (range.high - range.low))) : 0);
// From nearly nothing through the color of differences to what stands out most.
function heatColor(share) {
  if (share <= 0.6) return `color-mix(in srgb, var(--d-values) ${Math.round((100 * share) / 0.6)}%, var(--d-same))`;
  return `color-mix(in srgb, var(--hot) ${Math.round((100 * (share - 0.6)) / 0.4)}%, var(--d-values))`;
}

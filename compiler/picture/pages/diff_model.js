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

// How dark a distance is: 1e-6 and less hardly, 1 and more fully.
const least = -6;
const strength = (relative) => (relative > 0 ? Math.min(1, Math.max(0.08, (Math.log10(relative) - least) / -least)) : 0);

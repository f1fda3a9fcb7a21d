#include "compiler/plan/plan_read_program.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

OpData read_random(PlanFields& fields, Distribution distribution) {
  RandomOp op;
  op.distribution = distribution;
  op.a = fields.real("a");
  op.b = fields.real("b");
  op.seed = fields.unsigned_integer("seed");
  op.key = fields.text("key");
  return op;
}

OpData read_read(PlanFields& fields, bool from_output) {
  ReadOp op;
  op.from_output = from_output;
  if (from_output) {
    op.file = fields.index("shard");
  } else {
    op.source = fields.index("source");
    op.file = fields.index("file");
  }
  op.offset = fields.integer("offset");
  op.dtype = read_dtype(fields, "dtype");
  return op;
}

OpData read_view(PlanFields& fields) {
  ViewOp op;
  op.offset = fields.integer("offset");
  for (const Json& item : fields.list("dims")) {
    const auto* pair = std::get_if<Json::List>(&item.data);
    const bool whole = pair != nullptr && pair->size() == 2;
    const auto* size = whole ? std::get_if<std::int64_t>(&(*pair)[0].data) : nullptr;
    const auto* stride = whole ? std::get_if<std::int64_t>(&(*pair)[1].data) : nullptr;
    if (size == nullptr || stride == nullptr) {
      fields.fail("'dims' must be a list of [size, stride]");
      break;
    }
    op.dims.push_back({*size, *stride});
  }
  return op;
}

std::shared_ptr<const Encoding> read_encoding(PlanFields& op, PlanFault& fault) {
  PlanFields fields(op.value("encoding"), op.where() + ".encoding", fault);
  Encoding e;
  const auto codec = codec_named(fields.text("codec"));
  if (!codec) fields.fail("unknown 'codec'");
  e.codec = codec.value_or(Codec::scaled_fp8);
  const auto shape = fields.integers("shape");
  const auto block = fields.integers("block");
  if (shape.size() == 3 && block.size() == 2) {
    e.matrices = shape[0];
    e.rows = shape[1];
    e.columns = shape[2];
    e.block_rows = block[0];
    e.block_columns = block[1];
  } else {
    fields.fail("'shape' has three sizes and 'block' two");
  }
  e.code = read_dtype(fields, "code");
  e.scale = read_dtype(fields, "scale");
  e.bits = static_cast<int>(std::clamp<std::int64_t>(fields.integer("bits"), 0, 64));
  e.zero_minus_one = fields.boolean("zero_minus_one");
  e.nested_block = fields.integer("nested_block");
  e.nested_offset = fields.real("nested_offset");
  if (fields.has("fp4_map")) e.fp4_map = fields.boolean("fp4_map");
  if (fields.has("divides")) e.divides = fields.boolean("divides");
  if (fields.has("state")) e.state = fields.text("state");
  for (const Json& item : fields.list("parts")) {
    const auto* text = std::get_if<std::string>(&item.data);
    const auto role = text != nullptr ? part_role_named(*text) : std::nullopt;
    if (!role) fields.fail("unknown part");
    e.parts.push_back(role.value_or(PartRole::other));
  }
  fields.done();
  return std::make_shared<const Encoding>(std::move(e));
}

OpData read_low_rank(PlanFields& fields) {
  LowRankOp op;
  op.rows = fields.integer("rows");
  op.columns = fields.integer("columns");
  op.rank = fields.integer("rank");
  op.oversampling = fields.integer("oversampling");
  op.power_iterations = fields.integer("power_iterations");
  op.exact = fields.boolean("exact");
  const auto split = factor_split_named(fields.text("split"));
  if (!split) fields.fail("unknown 'split'");
  op.split = split.value_or(FactorSplit::both);
  op.seed = fields.unsigned_integer("seed");
  op.key = fields.text("key");
  if (fields.has("energy")) op.energy = fields.real("energy");
  if (fields.has("error")) op.error = fields.real("error");
  return op;
}

OpData read_merge(PlanFields& fields, Merge merge) {
  MergeOp op;
  op.merge = merge;
  op.groups = fields.integer("groups");
  op.size = fields.integer("size");
  const auto integer = [&](std::string_view key, std::int64_t& value) {
    if (fields.has(key)) value = fields.integer(key);
  };
  const auto number = [&](std::string_view key, double& value) {
    if (fields.has(key)) value = fields.real(key);
  };
  const auto flag = [&](std::string_view key, bool& value) {
    if (fields.has(key)) value = fields.boolean(key);
  };
  integer("row", op.row);
  integer("keep", op.keep);
  integer("skip", op.skip);
  integer("iterations", op.iterations);
  flag("from_base", op.from_base);
  flag("normalize", op.normalize);
  flag("rescale", op.rescale);
  number("t", op.t);
  number("density", op.density);
  number("epsilon", op.epsilon);
  number("tolerance", op.tolerance);
  number("r", op.r);
  number("alpha", op.alpha);
  if (fields.has("weights")) op.weights = fields.reals("weights");
  if (fields.has("key")) {
    op.seed = fields.unsigned_integer("seed");
    op.key = fields.text("key");
  }
  return op;
}

OpData read_encode(PlanFields& fields, PlanFault& fault) {
  EncodeOp op;
  const auto part = part_role_named(fields.text("part"));
  if (!part) fields.fail("unknown 'part'");
  op.part = part.value_or(PartRole::codes);
  op.encoding = read_encoding(fields, fault);
  op.name = fields.text("name");
  return op;
}

OpData read_other(PlanFields& fields, const std::string& kind) {
  if (kind == "concat") return ConcatOp{fields.integer("outer"), fields.integers("blocks")};
  if (kind == "take") {
    return TakeOp{fields.integer("outer"), fields.integer("axis"), fields.integer("inner"),
                  fields.integers("indices")};
  }
  if (kind == "linear") return LinearOp{fields.reals("weights"), fields.real("bias")};
  if (kind == "product") return ProductOp{};
  if (kind == "clamp") return ClampOp{fields.real("low"), fields.real("high")};
  if (kind == "round") return RoundOp{read_dtype(fields, "dtype")};
  if (kind == "quotient") return QuotientOp{};
  if (kind == "hold") return HoldOp{};
  if (const auto function = map_function_named(kind)) return MapOp{*function};
  if (const auto reduction = reduction_named(kind)) {
    return ReduceOp{*reduction, fields.integer("outer"), fields.integer("axis"),
                    fields.integer("inner")};
  }
  if (kind == "largest" || kind == "largest_mask") {
    return LargestOp{fields.integer("groups"), fields.integer("size"), fields.integer("keep"),
                     kind == "largest_mask"};
  }
  if (kind == "matmul") {
    return MatmulOp{fields.integer("m"), fields.integer("k"), fields.integer("n")};
  }
  fields.fail(fmt::format("unknown op '{}'", escape_for_terminal(kind)));
  return FillOp{};
}

OpData read_data(PlanFields& fields, PlanFault& fault) {
  const std::string kind = fields.text("op");
  if (kind == "read") return read_read(fields, false);
  if (kind == "read_output") return read_read(fields, true);
  if (kind == "fill") return FillOp{fields.real("value")};
  if (kind == "normal") return read_random(fields, Distribution::normal);
  if (kind == "uniform") return read_random(fields, Distribution::uniform);
  if (kind == "identity") return IdentityOp{fields.integer("rows"), fields.integer("columns")};
  if (kind == "view") return read_view(fields);
  if (kind == "decode") return DecodeOp{read_encoding(fields, fault), fields.text("name")};
  if (kind == "encode") return read_encode(fields, fault);
  if (kind == "low_rank") return read_low_rank(fields);
  if (const auto merge = merge_named(kind)) return read_merge(fields, *merge);
  return read_other(fields, kind);
}

}  // namespace

DType read_dtype(PlanFields& fields, std::string_view key) {
  const std::string text = fields.text(key);
  const auto dtype = dtype_from_recipe(text);
  if (!dtype) {
    fields.fail(fmt::format("'{}' must be a dtype, found '{}'", key, escape_for_terminal(text)));
  }
  return dtype.value_or(DType::f32);
}

Program read_program(const Json& json, const std::string& where, PlanFault& fault) {
  Program program;
  const auto* list = std::get_if<Json::List>(&json.data);
  if (list == nullptr) {
    fault.set("E611", where, "expected a list of ops");
    return program;
  }
  program.reserve(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    PlanFields fields((*list)[i], fmt::format("{}[{}]", where, i), fault);
    Op op;
    op.data = read_data(fields, fault);
    if (fields.has("in")) op.inputs = fields.indices("in");
    op.count = fields.integer("count");
    fields.done();
    program.push_back(std::move(op));
  }
  return program;
}

}  // namespace inarch

#pragma once

#include <string_view>

#include "compiler/core/value.h"

namespace inarch {

/// What JSON Schemas (draft-07) are put together from. Descriptions are what editors show of a key;
/// "" leaves them out.

Value schema_described(Value::Map schema, std::string_view description);
Value schema_of_text(std::string_view description);
Value schema_of_flag(std::string_view description);
/// A number that is whole and not below 0.
Value schema_of_count(std::string_view description);
Value schema_of_list(Value item, std::string_view description);
/// A mapping with any keys.
Value schema_of_map(Value value, std::string_view description);
/// A mapping with these keys and no others.
Value schema_of_object(Value::Map properties, Value::List required, std::string_view description);
Value schema_of_choice(const Value::List& choices, std::string_view description);
Value schema_any_of(Value::List forms, std::string_view description = {});

/// The same mapping, with exactly one of these keys.
Value with_one_of(Value schema, const Value::List& keys);
/// The same mapping, without two keys that exclude each other.
Value without_both(Value schema, std::string_view one, std::string_view other);

/// A definition of the same schema. Validators pass over what stands beside `$ref`; editors show
/// that description in place of the definition's own.
Value schema_ref(std::string_view name);
Value schema_ref(std::string_view name, std::string_view description);

/// The same with a list of examples, which editors show.
Value with_examples(Value schema, Value::List examples);

}  // namespace inarch

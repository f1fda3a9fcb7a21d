#include "compiler/mergekit/chat_templates.h"

#include <array>

namespace inarch {

namespace {

struct NamedTemplate {
  std::string_view name;
  std::string_view text;
};

// Every tag takes the spaces around it away: what is written is in the expressions alone, whether a
// library strips blocks or not.
constexpr std::string_view alpaca = R"({%- set titles = {
  'user': 'Instruction', 'user_context': 'Input', 'assistant': 'Response'
} -%}
{%- set system = messages | selectattr('role', 'equalto', 'system') | list -%}
{%- if system -%}
  {{- (system | last).content | trim ~ '\n\n' -}}
{%- endif -%}
{%- for message in messages if message.role in titles -%}
  {{- ('' if loop.first else '\n\n') ~ '### ' ~ titles[message.role] ~ ':\n' -}}
  {{- message.content | trim -}}
{%- endfor -%}
{%- if add_generation_prompt and (messages | last).role != 'assistant' -%}
  {{- '\n\n### Response:\n' -}}
{%- endif -%}
)";

constexpr std::string_view chatml = R"({%- for message in messages -%}
  {{- '<|im_start|>' ~ message.role ~ '\n' ~ message.content ~ '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|im_start|>assistant\n' -}}
{%- endif -%}
)";

constexpr std::string_view exaone = R"({%- if messages and messages[0].role != 'system' -%}
  {{- '[|system|][|endofturn|]\n' -}}
{%- endif -%}
{%- for message in messages -%}
  {{- '[|' ~ message.role ~ '|]' ~ message.content -}}
  {{- '\n' if message.role == 'user' else '[|endofturn|]\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '[|assistant|]' -}}
{%- endif -%}
)";

constexpr std::string_view llama3 = R"({%- if messages -%}
  {{- bos_token -}}
{%- endif -%}
{%- for message in messages -%}
  {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\n\n' -}}
  {{- message.content | trim ~ '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}
{%- endif -%}
)";

constexpr std::string_view mistral =
    R"({%- set has_system = messages and messages[0].role == 'system' -%}
{%- set turns = messages[1:] if has_system else messages -%}
{{- bos_token -}}
{%- for turn in turns -%}
  {%- set asked = loop.index0 is even -%}
  {%- if turn.role != ('user' if asked else 'assistant') -%}
    {{- raise_exception('user and assistant take turns, after at most one system message') -}}
  {%- elif asked -%}
    {%- set before = messages[0].content ~ '\n\n' if has_system and loop.first else '' -%}
    {{- ' [INST] ' ~ before ~ turn.content ~ ' [/INST]' -}}
  {%- else -%}
    {{- ' ' ~ turn.content ~ eos_token -}}
  {%- endif -%}
{%- endfor -%}
)";

constexpr std::array<NamedTemplate, 5> templates = {{{"alpaca", alpaca},
                                                     {"chatml", chatml},
                                                     {"exaone", exaone},
                                                     {"llama3", llama3},
                                                     {"mistral", mistral}}};

}  // namespace

std::string_view named_chat_template(std::string_view name) {
  for (const NamedTemplate& known : templates) {
    if (known.name == name) return known.text;
  }
  return "";
}

std::vector<std::string_view> chat_template_names() {
  std::vector<std::string_view> names;
  for (const NamedTemplate& known : templates) names.push_back(known.name);
  return names;
}

}  // namespace inarch

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"

namespace inarch {

namespace {

constexpr std::string_view bash_script = R"script(# inarch for bash: put into ~/.bashrc
#   source <(inarch completions bash)
_inarch() {
    mapfile -t COMPREPLY < <("${1/#\~/$HOME}" complete --bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=.:] ]]; then
        compopt -o nospace
    fi
}
complete -o nosort -F _inarch inarch
)script";

constexpr std::string_view zsh_script = R"script(#compdef inarch
# inarch for zsh: put into ~/.zshrc, after compinit
#   source <(inarch completions zsh)
_inarch() {
    local line text
    local -a whole whole_shown open open_shown
    while IFS= read -r line; do
        text=${line%%$'\t'*}
        line=${line/$'\t'/  -- }
        if [[ $text == *[/=.:] ]]; then
            open+=("$text"); open_shown+=("$line")
        else
            whole+=("$text"); whole_shown+=("$line")
        fi
    done < <("${(Q)words[1]/#\~/$HOME}" complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    compadd -l -V inarch -d whole_shown -a whole
    compadd -l -V inarch -S '' -d open_shown -a open
}
compdef _inarch inarch
if [[ $funcstack[1] == _inarch ]]; then
    _inarch "$@"
fi
)script";

constexpr std::string_view fish_script =
    R"script(# inarch for fish: put into ~/.config/fish/config.fish
#   inarch completions fish | source
function __inarch_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    $program complete -- $words[2..-1] "$current" 2>/dev/null
end
complete -c inarch -f -k -a '(__inarch_complete)'
)script";

}  // namespace

int command_completions(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "completions takes a shell: bash, zsh or fish",
                       "source <(inarch completions bash)");
  const std::string& shell = arguments.positional.front();
  if (shell == "bash") return console.write(bash_script), exit_done;
  if (shell == "zsh") return console.write(zsh_script), exit_done;
  if (shell == "fish") return console.write(fish_script), exit_done;
  return usage_error(console,
                     fmt::format("there are completions for bash, zsh and fish, not for '{}'",
                                 escape_for_terminal(shell)));
}

}  // namespace inarch

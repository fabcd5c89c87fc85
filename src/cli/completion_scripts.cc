// What the shells load. Each only hands its words over and shows what comes back.
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/complete.h"

namespace vmlab {

namespace {

// bash takes `:` and `=` for ends of words, the program does not: the line is split again here, and
// what readline has already is cut off again.
constexpr const char* bash_script = R"(# bash completion for vmlab
_vmlab() {
  local line=${COMP_LINE:0:COMP_POINT} words answer word typed known
  read -r -a words <<<"$line"
  [[ $line == *[[:blank:]] ]] && words+=('')
  typed=${words[-1]#[\'\"]}
  words[-1]=$typed
  known=${typed%"${typed##*[:=]}"}
  COMPREPLY=()
  answer=$("${words[0]/#\~/$HOME}" __complete -- "${words[@]:1}" 2>/dev/null) || return 0
  while IFS=$'\t' read -r word _; do
    case $word in
      '') ;;
      :files)
        compopt -o filenames
        while read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "${typed#"$known"}") ;;
      :no-blank) [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *: ]] || compopt -o nospace ;;
      *) COMPREPLY+=("${word#"$known"}") ;;
    esac
  done <<<"$answer"
}
complete -F _vmlab vmlab
)";

constexpr const char* zsh_script = R"(#compdef vmlab
_vmlab() {
  local line word text files=0
  local -a names shown places
  while IFS=$'\t' read -r word text; do
    case $word in
      :files) files=1 ;;
      :no-blank|'') ;;
      *:) places+=("$word") ;;
      *) names+=("$word"); shown+=("${word}${text:+  -- $text}") ;;
    esac
  done < <(${(Q)~words[1]} __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( $#names )) && compadd -l -d shown -a names
  (( $#places )) && compadd -S '' -a places
  (( files )) && _files
  return 0
}
if [ "$funcstack[1]" = "_vmlab" ]; then _vmlab "$@"; else compdef _vmlab vmlab; fi
)";

constexpr const char* fish_script = R"(# fish completion for vmlab
function __vmlab_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] "$typed" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$typed"
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c vmlab -f -k -a '(__vmlab_complete)'
)";

}  // namespace

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return bash_script;
  if (shell == "zsh") return zsh_script;
  if (shell == "fish") return fish_script;
  throw Error(fmt::format("cannot complete words for the shell '{}'", shell),
              "bash, zsh and fish can", ExitCode::bad_input);
}

}  // namespace vmlab

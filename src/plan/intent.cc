#include "plan/intent.h"

#include "base/text.h"

namespace vmlab {

std::string to_text(const Intent& intent) {
  if (!intent.restore.empty()) return "restore " + intent.restore + "\n";
  return std::string(intent.cold ? "reset-cold " : "reset ") + join(intent.reset, " ") + "\n";
}

std::optional<Intent> parse_intent(std::string_view text) {
  const auto words = split(std::string(trim(text)), ' ');
  if (words.size() < 2) return std::nullopt;
  Intent intent;
  if (words[0] == "restore" && words.size() == 2) {
    intent.restore = words[1];
    return intent;
  }
  if (words[0] != "reset" && words[0] != "reset-cold") return std::nullopt;
  intent.cold = words[0] == "reset-cold";
  intent.reset.assign(words.begin() + 1, words.end());
  return intent;
}

}  // namespace vmlab

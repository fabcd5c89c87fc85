#include "plan/intent.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace vmlab {

namespace {

// Before there were forks every disk that was made anew was booted: `reset-cold` is as old as that.
constexpr std::pair<std::string_view, std::optional<Boot>> verbs[] = {
    {"reset", std::nullopt},
    {"reset-anew", Boot::automatic},
    {"reset-fork", Boot::fork},
    {"reset-cold", Boot::cold}};

}  // namespace

std::string to_text(const Intent& intent) {
  if (!intent.restore.empty()) return "restore " + intent.restore + "\n";
  const auto* verb = std::ranges::find(verbs, intent.anew, [](const auto& v) { return v.second; });
  return std::string(verb->first) + " " + join(intent.reset, " ") + "\n";
}

std::optional<Intent> parse_intent(std::string_view text) {
  const auto words = split(std::string(trim(text)), ' ');
  if (words.size() < 2) return std::nullopt;
  Intent intent;
  if (words[0] == "restore" && words.size() == 2) {
    intent.restore = words[1];
    return intent;
  }
  const auto* verb = std::ranges::find(verbs, words[0], [](const auto& v) { return v.first; });
  if (verb == std::end(verbs)) return std::nullopt;
  intent.anew = verb->second;
  intent.reset.assign(words.begin() + 1, words.end());
  return intent;
}

}  // namespace vmlab

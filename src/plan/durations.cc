#include "plan/durations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "plan/forking.h"

namespace vmlab {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t kept = 9;

}  // namespace

std::string duration_key(const Lab& lab, const PlannedStep& step) {
  const auto node = std::ranges::find(lab.nodes, step.node, &Node::name);
  auto kind = step.id;
  std::string who = "lab";
  if (!step.node.empty() && kind.ends_with("/" + step.node)) {
    kind.resize(kind.size() - step.node.size() - 1);
  }
  if (node != lab.nodes.end()) who = fmt::format("{} {}", node->image, to_text(node->role));
  if (const auto* made = std::get_if<MakeTemplate>(&step.step)) {
    who = made->note.image;
    kind = made->there ? "template-check" : "template";
  }
  // A forked node has booted when it begins to run.
  if (std::ranges::find(step.after, fork_step(step.node)) != step.after.end()) kind += " forked";
  auto key = fmt::format("{} {} {}", to_text(lab.accelerator), who, kind);
  // The practice release installs in seconds what a real one takes minutes for.
  if (lab.dcos && lab.dcos->release.practice && kind.starts_with("dcos/")) key += " practice";
  return key;
}

void Durations::add(const std::string& key, milliseconds took) {
  if (key.find_first_of("\t\n") != std::string::npos) return;
  auto& last = last_[key];
  last.push_back(took);
  if (last.size() > kept) last.erase(last.begin());
}

std::optional<milliseconds> Durations::typical(const std::string& key) const {
  const auto found = last_.find(key);
  if (found == last_.end()) return std::nullopt;
  auto times = found->second;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

std::string Durations::text() const {
  std::string text;
  for (const auto& [key, times] : last_) {
    text += key + "\t";
    for (std::size_t i = 0; i < times.size(); ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : " ", times[i].count());
    }
    text += "\n";
  }
  return text;
}

Durations Durations::parse(std::string_view text) {
  Durations durations;
  for (const auto& line : lines(text)) {
    const auto tab = line.find('\t');
    if (tab == std::string::npos || tab == 0) continue;
    for (const auto& word : split(line.substr(tab + 1), ' ')) {
      milliseconds::rep number = 0;
      const auto* last = word.data() + word.size();
      const auto [end, error] = std::from_chars(word.data(), last, number);
      if (error != std::errc{} || end != last || number < 0) continue;
      durations.add(line.substr(0, tab), milliseconds(number));
    }
  }
  return durations;
}

}  // namespace vmlab

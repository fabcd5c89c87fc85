// `vmlab logs`: journals of nodes, of one unit or of what the installed product consists of.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <stop_token>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/journal.h"
#include "cli/nodes_of.h"
#include "dcos/units.h"
#include "run/for_all.h"

namespace vmlab {

namespace {

constexpr std::chrono::seconds follow_limit{std::chrono::hours(24 * 7)};

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

/// What is asked of one node, and what came back.
struct Asked {
  const Node* node = nullptr;
  JournalQuery query;
  std::vector<UnitState> states;
  std::vector<JournalEntry> entries;
  UnitSearch search;
  std::string error;
};

class Logs {
 public:
  Logs(const Context& context, Lab lab) : context_(context), lab_(std::move(lab)) { choose(); }

  ExitCode run() {
    const auto down = nodes_down(context_, lab_);
    for_all(asked_.size(), asked_at_once, [&](std::size_t i) {
      auto& one = asked_[i];
      if (const auto found = down.find(one.node->name); found != down.end()) {
        one.error = found->second;
        return;
      }
      try {
        ask(one);
      } catch (const Cancelled&) {
        // The way to end --follow; otherwise told below.
      } catch (const std::exception& error) {
        const auto* known = dynamic_cast<const Error*>(&error);
        one.error = known != nullptr ? known->message() : error.what();
      }
    });
    if (!context_.invocation.follow) {
      if (context_.stop.stop_requested()) throw Cancelled();
      show();
    }
    const auto code = tell_failures();
    refuse_unknown_units();
    if (silent_ && code == ExitCode::done) context_.console.note("no entries");
    return code;
  }

 private:
  void choose() {
    const auto& invocation = context_.invocation;
    const auto pattern = invocation.pattern.empty() ? std::string("*") : invocation.pattern;
    for (const auto* node : matching(lab_, pattern)) {
      JournalQuery query{.units = invocation.units,
                         .lines = invocation.lines,
                         .this_boot = invocation.this_boot,
                         .since = invocation.since,
                         .follow = invocation.follow};
      if (invocation.components) {
        const auto units = troubleshooting_units(node->role);
        // Plain nodes are of no product.
        if (units.empty()) continue;
        query.units.insert(query.units.end(), units.begin(), units.end());
      }
      asked_.push_back({.node = node,
                        .query = std::move(query),
                        .states = {},
                        .entries = {},
                        .search = {},
                        .error = {}});
      name_width_ = std::max(name_width_, width(node->name));
    }
    if (asked_.empty()) {
      throw Error(fmt::format("no node of lab '{}' that matches '{}' has components: nothing is "
                              "installed on plain nodes",
                              lab_.name, pattern),
                  "leave out --components for all of a journal", ExitCode::bad_input);
    }
    if (asked_.size() == 1) name_width_ = 0;
  }

  void ask(Asked& one) {
    auto& guests = context_.ports.guests;
    const auto target = ssh_target(lab_, *one.node, context_.settings);
    if (context_.invocation.components) {
      const auto result = guests.run(target,
                                     {.script = unit_states_script(one.query.units),
                                      .input = {},
                                      .timeout = context_.invocation.timeout,
                                      .on_line = {}},
                                     context_.stop);
      one.states = read_unit_states(one.node->name, result.out);
    }
    const bool follow = context_.invocation.follow;
    if (follow) {
      search(one, target);
      // It would be waited for without end. What an install brings may still come.
      const auto known = troubleshooting_units(one.node->role);
      const auto comes = [&](const std::string& unit) {
        return !contains(one.search.missing, unit) || contains(known, unit);
      };
      if (!one.search.missing.empty() && std::ranges::none_of(one.query.units, comes)) return;
    }
    GuestCommand command{.script = journal_script(one.query),
                         .input = {},
                         .timeout = follow ? follow_limit : context_.invocation.timeout,
                         .on_line = {}};
    if (follow) {
      command.on_line = [&](std::string_view line) {
        const auto entry = read_journal_entry(one.node->name, line);
        if (!entry) return;
        const std::scoped_lock lock(out_);
        print(*entry);
        // `| head` has read enough.
        if (!context_.console.result_is_read()) stop_.request_stop();
      };
    }
    const auto result = guests.run(target, command, stop_.get_token());
    if (!follow) {
      for (const auto& line : lines(result.out)) {
        if (auto entry = read_journal_entry(one.node->name, line)) {
          one.entries.push_back(std::move(*entry));
        }
      }
      search(one, target);
    }
    if (result.exit_code != 0) {
      const auto cause = trim(result.err);
      one.error =
          fmt::format("cannot read the journal of '{}': {}", one.node->name,
                      cause.empty() ? fmt::format("journalctl ended with {}", result.exit_code)
                                    : std::string(cause));
    }
  }

  /// Asks whether the node has units that no entry came from.
  void search(Asked& one, const SshTarget& target) {
    std::vector<std::string> silent;
    for (const auto& unit : context_.invocation.units) {
      if (unit.find_first_of("*?[") != std::string::npos) continue;
      const auto is_of = [&](const JournalEntry& entry) {
        return entry.unit == unit || entry.unit + ".service" == unit;
      };
      if (std::ranges::none_of(one.entries, is_of)) silent.push_back(unit);
    }
    if (silent.empty()) return;
    const auto result = context_.ports.guests.run(target,
                                                  {.script = unit_search_script(silent),
                                                   .input = {},
                                                   .timeout = context_.invocation.timeout,
                                                   .on_line = {}},
                                                  context_.stop);
    one.search = read_unit_search(silent, result.out);
  }

  /// A unit that one node lacks is another's; one that all lack was meant otherwise.
  void refuse_unknown_units() const {
    for (const auto& unit : context_.invocation.units) {
      std::vector<std::string> lacking;
      std::vector<std::string> known;
      for (const auto& one : asked_) {
        if (!contains(one.search.missing, unit)) continue;
        lacking.push_back(one.node->name);
        const auto units = troubleshooting_units(one.node->role);
        known.insert(known.end(), units.begin(), units.end());
        known.insert(known.end(), one.search.services.begin(), one.search.services.end());
      }
      if (lacking.size() < asked_.size()) continue;
      std::string hint =
          fmt::format("its units: vmlab ssh {} -- systemctl list-units --all", lacking.front());
      const auto longer = std::ranges::find_if(
          known, [&](const std::string& name) { return name.ends_with("-" + unit); });
      if (contains(known, unit)) {
        hint = "DC/OS brings it; `vmlab status --probe` tells how far the install has come";
      } else if (longer != known.end()) {  // dcos-exhibitor
        hint = fmt::format("did you mean '{}'?", *longer);
      } else if (const auto near = closest(unit, known)) {
        hint = fmt::format("did you mean '{}'?", *near);
      }
      throw Error(fmt::format("no unit '{}' on {}", unit, join(lacking, ", ")), hint,
                  ExitCode::bad_input);
    }
  }

  void print(const JournalEntry& entry) {
    auto& console = context_.console;
    console.result(render_journal_entry(entry, name_width_, console.out_style()));
  }

  void show() {
    std::vector<JournalEntry> entries;
    std::vector<UnitState> states;
    std::vector<std::string> units;
    for (auto& one : asked_) {
      std::ranges::move(one.entries, std::back_inserter(entries));
      std::ranges::move(one.states, std::back_inserter(states));
      units.insert(units.end(), one.query.units.begin(), one.query.units.end());
    }
    if (!states.empty()) {
      context_.console.say(render_unit_states(states, context_.console.err_style()) + "\n");
    }
    sort_journal(entries, units);
    for (const auto& entry : entries) print(entry);
    silent_ = entries.empty();
  }

  ExitCode tell_failures() {
    bool failed = false;
    for (const auto& one : asked_) {
      if (one.error.empty()) continue;
      failed = true;
      context_.console.error(
          Error(one.error,
                fmt::format("its console: {}",
                            context_.settings.paths.console(lab_.name, one.node->name).string())));
    }
    return failed ? ExitCode::failed : ExitCode::done;
  }

  const Context& context_;
  Lab lab_;
  std::vector<Asked> asked_;
  std::size_t name_width_ = 0;
  bool silent_ = false;  // nothing was there to be shown
  std::mutex out_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> forwarded_{context_.stop,
                                                       [this] { stop_.request_stop(); }};
};

}  // namespace

ExitCode run_logs(const Context& context) {
  const auto& invocation = context.invocation;
  if (invocation.pattern.empty() && !invocation.components) {
    throw Error("vmlab logs: a node is missing",
                "for example: vmlab logs master-1, or vmlab logs --components",
                ExitCode::bad_input);
  }
  return Logs(context, lab_of(context, invocation.target, Installer::unseen)).run();
}

}  // namespace vmlab

#include "plan/run_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/text.h"

namespace vmlab {

using nlohmann::json;
using std::chrono::milliseconds;
using Result = RecordedStep::Result;

namespace {

struct ResultName {
  Result result;
  const char* name;
};
constexpr ResultName result_names[] = {
    {Result::waiting, "waiting"}, {Result::running, "running"}, {Result::done, "done"},
    {Result::failed, "failed"},   {Result::skipped, "skipped"}, {Result::cancelled, "cancelled"}};

Result result_of(const std::string& name) {
  for (const auto& known : result_names) {
    if (name == known.name) return known.result;
  }
  return Result::waiting;
}

std::string pool_name(Pool pool) {
  switch (pool) {
    case Pool::none:
      return {};
    case Pool::disk:
      return "disk";
    case Pool::boot:
      return "boot";
    case Pool::fork:
      return "fork";
    case Pool::network:
      return "network";
    case Pool::guest:
      return "guest";
  }
  return {};
}

std::string line_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

class Reader {
 public:
  /// Throws json::exception for what is no line of a record.
  void read(const json& line) {
    const std::string event = line.at("event");
    if (event == "began") {
      record_ = {};
      index_.clear();
      record_.command = line.at("command");
      record_.began = std::chrono::system_clock::time_point(milliseconds(line.at("when")));
      return;
    }
    if (event == "planned") {
      for (const auto& step : line.at("steps")) plan(step);
      for (const auto& note : line.at("notes")) record_.notes.push_back(note);
      return;
    }
    const milliseconds at(line.at("at"));
    if (event == "started") {
      start(step_of(line.at("id")), at);
    } else if (event == "said") {
      step_of(line.at("id")).said.push_back({at, line.at("text")});
    } else if (event == "finished") {
      finish(step_of(line.at("id")), line, at);
    } else if (event == "ended") {
      record_.ended = true;
      record_.interrupted = line.at("interrupted");
      record_.error = line.at("error");
    }
    record_.took = std::max(record_.took, at);
  }

  RunRecord take() {
    for (auto& step : record_.steps) {
      if (step.result == Result::running) step.took = record_.took - step.started;
    }
    return std::move(record_);
  }

 private:
  /// Later rounds of a run may plan a step again.
  RecordedStep& step_of(const std::string& id) {
    const auto [found, fresh] = index_.try_emplace(id, record_.steps.size());
    if (fresh) {
      record_.steps.emplace_back();
      record_.steps.back().id = id;
      record_.steps.back().title = id;
    }
    return record_.steps[found->second];
  }

  void plan(const json& line) {
    auto& step = step_of(line.at("id"));
    step.node = line.at("node");
    step.title = line.at("title");
    step.why = line.at("why");
    step.after = line.at("after").get<std::vector<std::string>>();
    step.pool = line.at("pool");
    step.keeps_place_until = line.at("keeps");
  }

  static void start(RecordedStep& step, milliseconds at) {
    step.result = Result::running;
    step.started = at;
    step.said.clear();
  }

  static void finish(RecordedStep& step, const json& line, milliseconds at) {
    step.result = result_of(line.at("result"));
    step.took = milliseconds(line.at("took"));
    if (step.ran()) step.started = std::max(milliseconds(0), at - step.took);
    step.message = line.at("message");
    step.trail = line.at("trail").get<std::vector<std::string>>();
    step.hint = line.at("hint");
  }

  RunRecord record_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

std::string to_text(Result result) {
  for (const auto& known : result_names) {
    if (result == known.result) return known.name;
  }
  return {};
}

std::string record_began(const std::string& command, std::chrono::system_clock::time_point when) {
  return line_of({{"event", "began"},
                  {"command", command},
                  {"when", std::chrono::floor<milliseconds>(when.time_since_epoch()).count()}});
}

std::string record_planned(const Plan& plan) {
  json steps = json::array();
  for (const auto& step : plan.steps) {
    steps.push_back({{"id", step.id},
                     {"node", step.node},
                     {"title", step.title},
                     {"why", step.why},
                     {"after", step.after},
                     {"pool", pool_name(step.pool)},
                     {"keeps", step.keeps_place_until}});
  }
  return line_of({{"event", "planned"}, {"steps", steps}, {"notes", plan.notes}});
}

std::string record_started(const std::string& id, milliseconds at) {
  return line_of({{"event", "started"}, {"id", id}, {"at", at.count()}});
}

std::string record_alive(milliseconds at) {
  return line_of({{"event", "alive"}, {"at", at.count()}});
}

std::string record_said(const std::string& id, const RecordedStep::Said& said) {
  return line_of({{"event", "said"}, {"id", id}, {"at", said.at.count()}, {"text", said.text}});
}

std::string record_finished(const RecordedStep& step, milliseconds at) {
  return line_of({{"event", "finished"},
                  {"id", step.id},
                  {"at", at.count()},
                  {"result", to_text(step.result)},
                  {"took", step.took.count()},
                  {"message", step.message},
                  {"trail", step.trail},
                  {"hint", step.hint}});
}

std::string record_ended(milliseconds took, bool interrupted, const std::string& error) {
  return line_of(
      {{"event", "ended"}, {"at", took.count()}, {"interrupted", interrupted}, {"error", error}});
}

RunRecord parse_record(std::string_view text) {
  Reader reader;
  for (const auto& line : lines(text)) {
    const auto value = json::parse(line, nullptr, false);
    if (!value.is_object()) continue;
    try {
      reader.read(value);
    } catch (const json::exception&) {
      continue;
    }
  }
  return reader.take();
}

}  // namespace vmlab

// Progress as plain lines, for logs and pipes.
#pragma once

#include <chrono>
#include <stop_token>

#include "cli/run_model.h"
#include "cli/terminal.h"

namespace vmlab {

enum class Detail { quiet, normal, verbose };

/// A line when a step starts and when it ends; every 30 s one that names what runs, for how long
/// and what it waits for. Each line begins with the time since the run began, hh:mm:ss.
/// `quiet` only tells failures; `verbose` also what running steps say.
class PlainProgress : public Reporter {
 public:
  PlainProgress(Write write, Style style, Detail detail, std::stop_token stop);

  void planned(const Plan& plan) override;
  void started(const PlannedStep& step) override;
  void progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                std::uint64_t total) override;
  void remark(const PlannedStep& step, const std::string& text) override;
  void finished(const PlannedStep& step, const StepOutcome& outcome) override;
  void tick(std::chrono::milliseconds elapsed) override;
  void ended(const RunSummary& summary) override;

  const RunModel& model() const { return model_; }

 private:
  void line(const std::string& text);
  void heartbeat();

  Write write_;
  Style style_;
  Detail detail_;
  std::stop_token stop_;
  RunModel model_;
  std::chrono::milliseconds last_line_{0};
  bool told_stop_ = false;
};

/// Of a message that may have several; the summary shows them all.
std::string first_line(const std::string& text);

/// Said once when a stop was asked for and steps still run.
std::string stop_notice(std::size_t running);

}  // namespace vmlab

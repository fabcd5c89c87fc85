// Progress on a terminal: a line per node, redrawn in place.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/progress_plain.h"
#include "cli/run_model.h"
#include "cli/terminal.h"

namespace vmlab {

/// The lines that stand for the run now, without colour, none wider than `size.columns - 1`: a head
/// with counts and time, then the lab's own line and one for each node with phase, what it does or
/// waits for, and for how long. When they do not fit on the screen those that are at work come
/// first and a last line counts the rest.
std::vector<std::string> progress_lines(const RunModel& model, const std::string& lab,
                                        TerminalSize size);

/// Redraws at ticks, five times a second at most. Failures stay on the screen above the lines.
class TtyProgress : public Reporter {
 public:
  TtyProgress(Write write, Style style, std::string lab, std::function<TerminalSize()> size,
              std::stop_token stop);

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
  void redraw();
  void say(const std::string& text);  // a line that stays
  std::string erase() const;          // what takes the drawn lines away

  Write write_;
  Style style_;
  std::string lab_;
  std::function<TerminalSize()> size_;
  std::stop_token stop_;
  RunModel model_;
  std::vector<std::string> drawn_;
  std::chrono::milliseconds last_drawn_{0};
  bool told_stop_ = false;
};

}  // namespace vmlab

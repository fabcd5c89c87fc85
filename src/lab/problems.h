// The problems of one run over the user's input, collected to be told all at once.
#pragma once

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lab/lab.h"

namespace vmlab {

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }
  bool any() const { return !list_.empty(); }
  std::vector<Diagnostic>& list() { return list_; }

  void add(Mark mark, std::string message, std::string help = {}) {
    list_.push_back({file_, mark.line, mark.column, std::move(message), std::move(help)});
  }
  /// Problems of another file that this one names.
  void add(const std::vector<Diagnostic>& others) {
    list_.insert(list_.end(), others.begin(), others.end());
  }

  /// Throws BadInput when there are any: this file's first, each file's by position.
  void throw_if_any() {
    if (list_.empty()) return;
    std::ranges::sort(list_, {}, [](const Diagnostic& d) {
      return std::tie(d.file, d.line, d.column, d.message, d.help);
    });
    list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
    std::stable_partition(list_.begin(), list_.end(),
                          [this](const Diagnostic& d) { return d.file == file_; });
    throw BadInput(std::move(list_));
  }

 private:
  std::string file_;
  std::vector<Diagnostic> list_;
};

}  // namespace vmlab

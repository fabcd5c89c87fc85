// What several nodes have to say in the same words, told once.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "run/reporter.h"

namespace vmlab {

/// Remarks of steps that differ in their node alone, `dcos/preflight/<node>`, held until the last
/// of these has ended. Each becomes one: `NODE, NODE: TEXT`.
class SharedRemarks {
 public:
  explicit SharedRemarks(const Plan& plan);

  /// `step`: index in the plan.
  void add(std::size_t step, const std::string& text);
  /// Of every step that ends, whatever its end; tells what no other step can join any more.
  void ended(std::size_t step, Reporter& reporter);
  /// When no step comes any more.
  void tell_all(Reporter& reporter);

 private:
  struct Remark {
    std::string kind, text;
    std::set<std::size_t> steps;  // in plan order
  };

  void tell(const Remark& remark, Reporter& reporter) const;

  const Plan& plan_;
  std::map<std::string, std::size_t> left_;  // kind of step -> those that have not ended
  std::vector<Remark> held_;
};

}  // namespace vmlab

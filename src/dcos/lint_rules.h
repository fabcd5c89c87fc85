// Rules of config.yaml that concern more than one value. Each adds what it finds to the Lint.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "dcos/config.h"

namespace vmlab {

struct Lint {
  const Lab& lab;
  const nlohmann::ordered_json& config;  // the user's
  LintResult result;

  void error(const std::string& key, std::string message, std::string help = {});
  void warn(std::string message) { result.warnings.push_back(std::move(message)); }
  bool has(const std::string& key) const { return config.contains(key); }
  /// Text of a scalar; empty when the key is absent or no text.
  std::string text(const std::string& key) const;
};

void lint_masters(Lint& lint);
void lint_storage_backend(Lint& lint);
void lint_bootstrap_url(Lint& lint);
void lint_dns(Lint& lint);
void lint_pairs(Lint& lint);     // keys that need or exclude one another
void lint_versions(Lint& lint);  // what only some releases refuse
void lint_overlay(Lint& lint);   // dcos_overlay_network
void lint_overlaps(Lint& lint);  // DC/OS's networks with the lab's
void lint_custom_checks(Lint& lint);

}  // namespace vmlab

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "dcos/config.h"
#include "dcos/config_keys.h"
#include "dcos/lint_rules.h"
#include "dcos/lint_values.h"

namespace vmlab {
namespace {

using Json = nlohmann::ordered_json;

std::string help_for_computed(const std::string& key) {
  if (key == "fault_domain_enabled") {
    return "open source DC/OS knows no fault domains by configuration, not even `false`; leave it "
           "out";
  }
  return "leave it out: the installer computes it";
}

void lint_key(Lint& lint, const std::string& key, const Json& value) {
  const auto* rule = find_config_key(key);
  if (rule == nullptr) {
    const auto near = closest(key, settable_config_keys());
    if (near) {
      lint.error(key, fmt::format("unknown DC/OS parameter '{}'", key),
                 fmt::format("did you mean '{}'?", *near));
    } else {
      lint.warn(
          fmt::format("DC/OS parameter '{}' is not known; the installer ignores silently "
                      "what it does not know",
                      key));
    }
    return;
  }
  switch (rule->kind) {
    case KeyKind::computed:
      lint.error(key, fmt::format("'{}' may not be set", key), help_for_computed(key));
      return;
    case KeyKind::ignored:
      lint.warn(
          fmt::format("DC/OS parameter '{}' is for the ssh installer of old releases; the "
                      "advanced installation ignores it (vmlab takes the nodes from this "
                      "file)",
                      key));
      return;
    case KeyKind::enterprise:
      lint.warn(
          fmt::format("DC/OS parameter '{}' is for the Enterprise edition; open source DC/OS "
                      "ignores it",
                      key));
      return;
    default:
      break;
  }
  if (const auto problem = problem_of_value(*rule, value)) {
    lint.error(key, fmt::format("'{}' {}", key, *problem));
  }
}

void lint_ip_detect(Lint& lint) {
  if (!lint.lab.dcos->ip_detect) return;
  const auto& text = *lint.lab.dcos->ip_detect;
  if (text.find('\r') != std::string::npos) {
    lint.error({}, "the ip-detect script has line ends of DOS, which no shell reads",
               "convert it, e.g. with dos2unix");
  }
}

}  // namespace

LintResult lint_config(const Lab& lab) {
  Lint lint{lab, lab.dcos->config, {}};
  for (const auto& [key, value] : lint.config.items()) lint_key(lint, key, value);
  lint_masters(lint);
  lint_storage_backend(lint);
  lint_bootstrap_url(lint);
  lint_dns(lint);
  lint_pairs(lint);
  lint_versions(lint);
  lint_overlay(lint);
  lint_overlaps(lint);
  lint_custom_checks(lint);
  lint_ip_detect(lint);
  return std::move(lint.result);
}

}  // namespace vmlab

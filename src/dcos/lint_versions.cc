// What some releases take and others refuse. The release is not known here: it may be a file still
// to be downloaded. So these are warnings, which name the versions.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dcos/lint_rules.h"
#include "dcos/lint_values.h"

namespace vmlab {
namespace {

void lint_log_sink(Lint& lint) {
  const std::string key = "mesos_container_log_sink";
  if (!lint.has(key)) return;
  static constexpr std::array<std::string_view, 5> known = {
      "fluentbit", "journald", "logrotate", "journald+logrotate", "fluentbit+logrotate"};
  const auto sink = lint.text(key);
  if (std::ranges::find(known, sink) == known.end()) {
    lint.warn(fmt::format("no release knows {} '{}', and none checks it", key, sink));
  } else if (sink.starts_with("fluentbit")) {
    lint.warn(fmt::format("{} '{}' is known from 1.13 on, and not checked before", key, sink));
  }
}

void lint_own_resolvers(Lint& lint) {
  const auto resolvers = lint.config.find("resolvers");
  if (resolvers == lint.config.end() || !resolvers->is_array()) return;
  for (const auto& item : *resolvers) {
    if (!item.is_string()) continue;
    const auto text = item.get<std::string>();
    // dcos-net itself answers there: a forwarder to itself.
    for (const std::string_view own : {"198.51.100.1", "198.51.100.2", "198.51.100.3"}) {
      if (text.substr(0, text.find(':')) != own) continue;
      lint.warn(fmt::format("resolver {} is an address of DC/OS's own name server: 2.2 refuses it",
                            text));
    }
  }
}

}  // namespace

void lint_versions(Lint& lint) {
  if (lint.has("enable_ipv6") && says(lint.config.at("enable_ipv6"), false) &&
      !lint.has("dcos_l4lb_enable_ipv6")) {
    lint.warn(
        "'enable_ipv6: false' alone is refused from 1.13 on: set dcos_l4lb_enable_ipv6: false as "
        "well");
  }
  const char* completed = "mesos_max_completed_tasks_per_framework";
  if (lint.has(completed) && lint.config.at(completed) == "") {
    lint.warn(fmt::format("'{}' without a number is taken up to 2.0 only", completed));
  }
  lint_log_sink(lint);
  lint_own_resolvers(lint);
}

}  // namespace vmlab

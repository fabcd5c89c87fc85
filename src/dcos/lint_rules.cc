#include "dcos/lint_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "dcos/lint_values.h"

namespace vmlab {

using Json = nlohmann::ordered_json;

void Lint::error(const std::string& key, std::string message, std::string help) {
  const auto found = lab.dcos->config_marks.find(key);
  const Mark mark = found == lab.dcos->config_marks.end() ? lab.dcos->release.mark : found->second;
  result.errors.push_back({lab.file, mark.line, mark.column, std::move(message), std::move(help)});
}

std::string Lint::text(const std::string& key) const {
  const auto found = config.find(key);
  return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void lint_masters(Lint& lint) {
  const auto masters = lint.lab.with_role(Role::master);
  const bool fixed = lint.config.value("master_discovery", Json("static")) == "static";
  if (masters.size() >= 7) {
    lint.warn(fmt::format("{} masters: every write waits for {} of them; 5 are enough for any lab",
                          masters.size(), masters.size() / 2 + 1));
  }
  if (fixed && lint.has("num_masters")) {
    lint.error("num_masters", "'num_masters' may not be set with static master discovery",
               "leave it out: it is the number of masters in this file");
  }
  if (!fixed && !lint.has("exhibitor_address")) {
    lint.error("master_discovery", "'master_http_loadbalancer' needs 'exhibitor_address'");
  }
  if (masters.empty() || !lint.has("master_list") || !lint.config.at("master_list").is_array()) {
    return;
  }
  std::set<std::string> wanted;
  for (const Node* master : masters) {
    if (master->address.value == 0) return;  // not derived yet
    wanted.insert(master->address.text());
  }
  std::set<std::string> given;
  for (const auto& item : lint.config.at("master_list")) {
    if (item.is_string()) given.insert(item.get<std::string>());
  }
  if (given != wanted) {
    const std::vector<std::string> all(wanted.begin(), wanted.end());
    lint.error("master_list", "'master_list' does not name the masters of this lab",
               fmt::format("leave it out, or make it {}", join(all, ", ")));
  }
}

void lint_storage_backend(Lint& lint) {
  struct Companions {
    std::string_view backend;
    std::vector<std::string> keys;
  };
  static const Companions all[] = {
      {"zookeeper", {"exhibitor_zk_hosts", "exhibitor_zk_path"}},
      {"aws_s3", {"aws_region", "s3_bucket", "s3_prefix", "exhibitor_explicit_keys"}},
      {"azure", {"exhibitor_azure_account_name", "exhibitor_azure_prefix"}},
      {"shared_filesystem", {"exhibitor_fs_config_dir"}}};
  const std::string key = "exhibitor_storage_backend";
  const auto backend = lint.has(key) ? lint.text(key) : "static";
  for (const auto& companions : all) {
    if (companions.backend != backend) continue;
    for (const auto& needed : companions.keys) {
      if (!lint.has(needed)) lint.error(key, fmt::format("'{}' needs '{}'", backend, needed));
    }
  }
  if (lint.has("exhibitor_explicit_keys") &&
      says(lint.config.at("exhibitor_explicit_keys"), true)) {
    for (const std::string needed : {"aws_access_key_id", "aws_secret_access_key"}) {
      if (!lint.has(needed)) {
        lint.error("exhibitor_explicit_keys",
                   fmt::format("'exhibitor_explicit_keys' needs '{}'", needed));
      }
    }
  }
  const bool fixed = lint.config.value("master_discovery", Json("static")) == "static";
  if (!fixed && backend == "static") {
    lint.error("master_discovery",
               "'master_http_loadbalancer' needs another exhibitor_storage_backend than 'static'");
  }
  if (lint.text("exhibitor_zk_hosts").starts_with("zk://")) {
    lint.error("exhibitor_zk_hosts", "'exhibitor_zk_hosts' must not begin with zk://");
  }
  if (lint.has("exhibitor_zk_path") && !lint.text("exhibitor_zk_path").starts_with("/")) {
    lint.error("exhibitor_zk_path", "'exhibitor_zk_path' must begin with /");
  }
  if (lint.text("s3_prefix").ends_with("/")) {
    lint.error("s3_prefix", "'s3_prefix' must not end in /");
  }
}

void lint_bootstrap_url(Lint& lint) {
  const auto name = lint.text("cluster_name");
  if (name.find_first_of("\n\r\"'`$\\") != std::string::npos) {
    lint.error("cluster_name",
               "'cluster_name' may hold no quotes, backslashes, dollar signs or line ends: it "
               "lands unquoted in files of environment variables");
  }
  if (!lint.has("bootstrap_url")) return;
  const auto url = lint.text("bootstrap_url");
  if (!url.starts_with("http://")) {
    lint.error("bootstrap_url", "'bootstrap_url' must begin with http://",
               "leave it out: it is the lab's bootstrap node, port 8080");
    return;
  }
  if (url.ends_with("/")) {
    lint.error("bootstrap_url", "'bootstrap_url' must not end in /");
  }
  if (url.find_first_of(" \t\n\r\"'`$\\;|&<>") != std::string::npos) {
    lint.error("bootstrap_url", "'bootstrap_url' holds a character that no URL has");
  }
  const auto* bootstrap = lint.lab.bootstrap();
  if (bootstrap == nullptr || bootstrap->address.value == 0) return;
  const auto host = url.substr(7, url.find_first_of(":/", 7) - 7);
  if (host != bootstrap->address.text() && host != bootstrap->name &&
      host != bootstrap->name + "." + lint.lab.network.domain) {
    lint.warn(
        fmt::format("bootstrap_url names '{}', which is not the lab's bootstrap node ({}): "
                    "nodes will install what is served there",
                    host, bootstrap->address.text()));
  }
}

void lint_dns(Lint& lint) {
  if (lint.has("resolvers") && lint.config.at("resolvers").is_array() &&
      lint.config.at("resolvers").size() > 3) {
    lint.warn("more than 3 resolvers: only the first 3 are used when dcos-net does not answer");
  }
  const auto search = lint.text("dns_search");
  std::size_t words = 0;
  for (const auto& word : split(search, ' ')) words += word.empty() ? 0 : 1;
  if (search.find_first_of("\n,") != std::string::npos || search.size() > 255 || words > 6) {
    lint.error("dns_search",
               "'dns_search' must be at most 6 domains of at most 255 characters in all, separated "
               "by blanks");
  }
  const auto zones = lint.config.find("dns_forward_zones");
  if (zones == lint.config.end() || !zones->is_object()) return;
  for (const auto& [zone, servers] : zones->items()) {
    const KeyRule rule{"dns_forward_zones", KeyKind::resolvers};
    if (const auto problem = problem_of_value(rule, servers)) {
      lint.error("dns_forward_zones", fmt::format("zone '{}' {}", zone, *problem));
    }
  }
}

void lint_pairs(Lint& lint) {
  const auto on = [&](const char* key, bool otherwise) {
    return lint.has(key) ? says(lint.config.at(key), true) : otherwise;
  };
  if (!on("enable_ipv6", true) && on("dcos_l4lb_enable_ipv6", false)) {
    lint.error("enable_ipv6", "'enable_ipv6: false' needs 'dcos_l4lb_enable_ipv6: false'");
  }
  if (on("use_proxy", false)) {
    for (const std::string needed : {"http_proxy", "https_proxy", "no_proxy"}) {
      if (!lint.has(needed)) {
        lint.error("use_proxy", fmt::format("'use_proxy' needs '{}'", needed),
                   needed == "no_proxy" ? "a list; it may be empty: []" : "");
      }
    }
  }
  const bool uid = !lint.text("superuser_service_account_uid").empty();
  const bool key = !lint.text("superuser_service_account_public_key").empty();
  if (uid != key) {
    lint.error(uid ? "superuser_service_account_uid" : "superuser_service_account_public_key",
               "'superuser_service_account_uid' and 'superuser_service_account_public_key' are set "
               "both or neither");
  }
  if (!on("adminrouter_tls_1_0_enabled", false) && !on("adminrouter_tls_1_1_enabled", false) &&
      !on("adminrouter_tls_1_2_enabled", true)) {
    lint.error("adminrouter_tls_1_2_enabled", "at least one version of TLS must be enabled");
  }
  if (lint.has("rexray_config") && lint.text("rexray_config_preset") == "aws") {
    lint.error("rexray_config", "'rexray_config' cannot be set beside 'rexray_config_preset'");
  }
  if (on("oauth_enabled", false)) {
    lint.warn(
        "oauth_enabled: the dashboard asks for a login through an identity provider on the "
        "Internet");
  }
  if (lint.has("check_time") && says(lint.config.at("check_time"), false)) {
    lint.warn("check_time is off: DC/OS starts on nodes whose clocks differ, and fails later");
  }
}

void lint_custom_checks(Lint& lint) {
  const auto checks = lint.config.find("custom_checks");
  if (checks == lint.config.end() || !checks->is_object()) return;
  const auto lint_check = [&](const std::string& name, const Json& check) {
    for (const char* needed : {"cmd", "description", "timeout"}) {
      if (!check.is_object() || !check.contains(needed)) {
        lint.error("custom_checks", fmt::format("check '{}' needs '{}'", name, needed));
        return;
      }
    }
    if (!check.at("timeout").is_string() ||
        !is_check_timeout(check.at("timeout").get<std::string>())) {
      lint.error(
          "custom_checks",
          fmt::format("timeout of check '{}' must be a number and one of ns, us, ms, s, m, h",
                      name));
    }
  };
  for (const auto& [group, value] : checks->items()) {
    if (group != "cluster_checks" && group != "node_checks") {
      lint.error("custom_checks", fmt::format("unknown group '{}'", group),
                 "groups are cluster_checks and node_checks");
      continue;
    }
    const Json* list = &value;
    if (group == "node_checks") {
      if (!value.is_object() || !value.contains("checks")) {
        lint.error("custom_checks", "'node_checks' needs 'checks'");
        continue;
      }
      list = &value.at("checks");
    }
    if (!list->is_object()) continue;
    for (const auto& [name, check] : list->items()) lint_check(name, check);
  }
}

}  // namespace vmlab

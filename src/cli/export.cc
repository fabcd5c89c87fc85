#include "cli/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "cli/output_tables.h"
#include "dcos/ports.h"
#include "lab/yaml_tree.h"

namespace vmlab {

using nlohmann::ordered_json;

namespace {

std::string full_name(const Lab& lab, const Node& node) {
  return lab.network.domain.empty() ? node.name : node.name + "." + lab.network.domain;
}

std::string role_group(Role role) {
  switch (role) {
    case Role::bootstrap:
      return "bootstraps";
    case Role::master:
      return "masters";
    case Role::agent:
      return "agents_private";
    case Role::public_agent:
      return "agents_public";
    case Role::plain:
      break;
  }
  return "plain";
}

/// Names of groups and variables have no dashes.
std::string identifier(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

YamlTree host_of(const Lab& lab, const Node& node) {
  YamlTree host = YamlTree::of_map({});
  host.set("ansible_host", YamlTree::of_text(node.address.text()));
  host.set("vmlab_role", YamlTree::of_text(to_text(node.role)));
  host.set("vmlab_fqdn", YamlTree::of_text(full_name(lab, node)));
  return host;
}

YamlTree group_of(const std::vector<std::string>& names) {
  YamlTree hosts = YamlTree::of_map({});
  for (const auto& name : names) hosts.set(name, YamlTree::of_map({}));
  YamlTree group = YamlTree::of_map({});
  group.set("hosts", std::move(hosts));
  return group;
}

}  // namespace

std::string ansible_inventory(const Lab& lab, const Settings& settings) {
  const auto& paths = settings.paths;
  YamlTree vars = YamlTree::of_map({});
  vars.set("ansible_user", YamlTree::of_text("root"));
  vars.set("ansible_ssh_private_key_file", YamlTree::of_text(paths.user_key(lab.name).string()));
  // Strict, whatever ansible.cfg says: the nodes' keys are pinned.
  const std::vector<std::string> options = {
      "-o", "UserKnownHostsFile=\"" + paths.known_hosts(lab.name).string() + "\"",
      "-o", "GlobalKnownHostsFile=/dev/null",
      "-o", "StrictHostKeyChecking=yes",
      "-o", "IdentitiesOnly=yes"};
  vars.set("ansible_ssh_common_args", YamlTree::of_text(shell_join(options)));
  vars.set("ansible_python_interpreter", YamlTree::of_text("auto_silent"));

  YamlTree hosts = YamlTree::of_map({});
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  const auto join_group = [&](const std::string& group, const std::string& node) {
    auto found = std::ranges::find(groups, group, [](const auto& g) { return g.first; });
    if (found == groups.end()) found = groups.insert(groups.end(), {group, {}});
    found->second.push_back(node);
  };
  for (const auto& node : lab.nodes) {
    hosts.set(node.name, host_of(lab, node));
    join_group(role_group(node.role), node.name);
  }
  for (const auto& node : lab.nodes) {
    if (!node.group.empty()) join_group("group_" + identifier(node.group), node.name);
  }
  YamlTree children = YamlTree::of_map({});
  for (const auto& [name, names] : groups) children.set(name, group_of(names));
  YamlTree all = YamlTree::of_map({});
  all.set("vars", std::move(vars));
  all.set("hosts", std::move(hosts));
  all.set("children", std::move(children));
  YamlTree inventory = YamlTree::of_map({});
  inventory.set("all", std::move(all));
  return write_yaml(inventory);
}

std::string hosts_lines(const Lab& lab) {
  std::string text = fmt::format("# lab {}\n", lab.name);
  for (const auto& node : lab.nodes) {
    const auto full = full_name(lab, node);
    text += fmt::format("{:<15} {}{}\n", node.address.text(), full,
                        full == node.name ? "" : " " + node.name);
  }
  return text;
}

std::string env_lines(const Lab& lab, const Settings& settings) {
  std::string text;
  const auto assign = [&](const std::string& name, const std::string& value) {
    text += fmt::format("export {}={}\n", name, shell_quote(value));
  };
  const auto& paths = settings.paths;
  assign("VMLAB_LAB", lab.name);
  assign("VMLAB_STATE_DIR", paths.root.string());
  assign("VMLAB_SSH_CONFIG", paths.ssh_config(lab.name).string());
  assign("VMLAB_SSH_KEY", paths.user_key(lab.name).string());
  assign("VMLAB_KNOWN_HOSTS", paths.known_hosts(lab.name).string());
  assign("VMLAB_DOMAIN", lab.network.domain);
  std::vector<std::string> names;
  for (const auto& node : lab.nodes) names.push_back(node.name);
  assign("VMLAB_NODES", join(names, " "));
  for (const auto& node : lab.nodes) {
    std::string name = identifier(node.name);
    for (auto& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    assign("VMLAB_ADDRESS_" + name, node.address.text());
  }
  if (const auto masters = lab.with_role(Role::master); lab.dcos && !masters.empty()) {
    assign("DCOS_URL", "http://" + masters.front()->address.text());
  }
  return text;
}

ordered_json lab_json(const Lab& lab, const Settings& settings) {
  const auto& paths = settings.paths;
  ordered_json record;
  record["lab"] = lab.name;
  record["file"] = text_or_null(lab.file);
  record["network"] = {{"name", lab.network.name},
                       {"cidr", lab.network.cidr.text()},
                       {"gateway", lab.network.gateway.text()},
                       {"bridge", lab.network.bridge},
                       {"domain", text_or_null(lab.network.domain)}};
  record["ssh"] = {{"user", "root"},
                   {"port", 22},
                   {"private_key", paths.user_key(lab.name).string()},
                   {"known_hosts", paths.known_hosts(lab.name).string()},
                   {"config", paths.ssh_config(lab.name).string()}};
  record["nodes"] = ordered_json::array();
  for (const auto& node : lab.nodes) {
    record["nodes"].push_back({{"name", node.name},
                               {"group", text_or_null(node.group)},
                               {"role", to_text(node.role)},
                               {"address", node.address.text()},
                               {"fqdn", full_name(lab, node)},
                               {"mac", node.mac},
                               {"uuid", node.uuid},
                               {"domain", node.domain_name},
                               {"cpus", node.cpus},
                               {"memory_mib", node.memory_mib},
                               {"disk_mib", node.disk_mib}});
  }
  record["endpoints"] = ordered_json::array();
  for (const auto& endpoint : endpoints(lab)) {
    record["endpoints"].push_back(
        {{"node", endpoint.node}, {"name", endpoint.name}, {"url", endpoint.url}});
  }
  return record;
}

}  // namespace vmlab

#include "lab/cloud_init.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "lab/node_files.h"
#include "lab/yaml_tree.h"

namespace vmlab {

namespace {

YamlTree text(std::string value) {
  return YamlTree::of_text(std::move(value));
}

YamlTree flag(bool value) {
  return YamlTree::of_plain(value ? "true" : "false");
}

YamlTree texts(const std::vector<std::string>& values) {
  YamlTree list = YamlTree::of_list({});
  for (const auto& value : values) list.items.push_back(text(value));
  return list;
}

YamlTree file(const std::string& path, std::string content) {
  YamlTree entry = YamlTree::of_map({});
  entry.set("path", text(path));
  entry.set("permissions", text("0644"));
  entry.set("content", text(std::move(content)));
  return entry;
}

/// Once per node, and only where no service keeps the file: a link points into such a service's
/// directory. DC/OS rewrites the file later.
std::vector<std::string> resolver_command(const Lab& lab) {
  const auto resolver = resolver_lines(lab);
  return {
      "cloud-init-per",
      "instance",
      "vmlab-resolver",
      "sh",
      "-c",
      "[ -L /etc/resolv.conf ] || printf '%s\\n' " + shell_join(resolver) + " >/etc/resolv.conf"};
}

YamlTree mounts(const Node& node) {
  YamlTree list = YamlTree::of_list({});
  for (const auto& entry : mount_entries(node)) list.items.push_back(texts(entry));
  return list;
}

/// What is so on every node.
void add_settings(YamlTree& tree) {
  tree.set("preserve_hostname", flag(false));
  tree.set("manage_etc_hosts", flag(false));
  // The image's stays: where there are no locales the module would fail. Its schema wants text.
  tree.set("locale", text("false"));
  tree.set("ssh_pwauth", flag(false));
  tree.set("disable_root", flag(false));
  // Keys that came with the image are the same in every clone: away with them.
  tree.set("ssh_deletekeys", flag(true));
  tree.set("ssh_genkeytypes", texts({"ed25519"}));
  tree.set("no_ssh_fingerprints", flag(true));
  YamlTree console = YamlTree::of_map({});
  console.set("emit_keys_to_console", flag(false));
  tree.set("ssh", std::move(console));
}

YamlTree root_user() {
  YamlTree root = YamlTree::of_map({});
  root.set("name", text("root"));
  return root;
}

YamlTree own_part(const Lab& lab, const Node& node, const NodeKeys& keys) {
  YamlTree tree = YamlTree::of_map({});
  tree.set("hostname", text(node.name));
  tree.set("fqdn", text(fqdn(lab, node)));
  add_settings(tree);
  auto root = root_user();
  root.set("ssh_authorized_keys", texts({keys.authorized_key}));
  tree.set("users", YamlTree::of_list({root}));
  YamlTree pair = YamlTree::of_map({});
  pair.set("ed25519_private", text(keys.host_private));
  pair.set("ed25519_public", text(keys.host_public));
  tree.set("ssh_keys", std::move(pair));
  tree.set("bootcmd", YamlTree::of_list({texts(resolver_command(lab))}));
  YamlTree files = YamlTree::of_list({file("/etc/hosts", hosts_file(lab, node))});
  if (lab.bootstrap() != nullptr) {
    files.items.push_back(file("/etc/chrony/conf.d/vmlab.conf", chrony_file(lab, node)));
  }
  if (auto mounts = docker_mounts_file(node); !mounts.empty()) {
    files.items.push_back(file(std::string(docker_mounts_path), std::move(mounts)));
  }
  tree.set("write_files", std::move(files));
  if (!node.disks.empty()) tree.set("mounts", mounts(node));
  return tree;
}

YamlTree meta_data(const Node& node) {
  YamlTree tree = YamlTree::of_map({});
  tree.set("instance-id", text(node.uuid));
  tree.set("local-hostname", text(node.name));
  return tree;
}

YamlTree network_config(const Lab& lab, const Node& node) {
  YamlTree match = YamlTree::of_map({});
  match.set("macaddress", text(node.mac));
  YamlTree names = YamlTree::of_map({});
  names.set("addresses", texts({lab.network.gateway.text()}));
  names.set("search", texts({lab.network.domain}));
  YamlTree nic = YamlTree::of_map({});
  nic.set("match", std::move(match));
  nic.set("set-name", text("eth0"));
  nic.set("dhcp4", flag(false));
  nic.set("dhcp6", flag(false));
  nic.set("addresses", texts({fmt::format("{}/{}", node.address.text(), lab.network.cidr.prefix)}));
  nic.set("gateway4", text(lab.network.gateway.text()));
  nic.set("nameservers", std::move(names));
  YamlTree nics = YamlTree::of_map({});
  nics.set("eth0", std::move(nic));
  YamlTree tree = YamlTree::of_map({});
  tree.set("version", YamlTree::of_plain("2"));
  tree.set("ethernets", std::move(nics));
  return tree;
}

YamlTree fragment_tree(const Fragment& fragment) {
  std::vector<Diagnostic> problems;
  auto tree = read_yaml(fragment.text, fragment.name, problems);
  if (!problems.empty()) throw BadInput(std::move(problems));
  return std::move(*tree);
}

}  // namespace

NodeKeys NodeKeys::placeholder() {
  return {"host private key\n", "ssh-ed25519 host", "ssh-ed25519 lab"};
}

SeedDocuments seed_documents(const Lab& lab, const Node& node, const NodeKeys& keys) {
  auto tree = own_part(lab, node, keys);
  for (const auto& fragment : node.cloud_init) merge_yaml(tree, fragment_tree(fragment));
  return {"#cloud-config\n" + write_yaml(tree), write_yaml(meta_data(node)),
          write_yaml(network_config(lab, node))};
}

SeedDocuments template_documents(const Node& shape) {
  auto tree = YamlTree::of_map({});
  add_settings(tree);
  tree.set("users", YamlTree::of_list({root_user()}));
  for (const auto& fragment : shape.cloud_init) merge_yaml(tree, fragment_tree(fragment));
  YamlTree meta = YamlTree::of_map({});
  meta.set("instance-id", text("vmlab-template"));
  meta.set("local-hostname", text("template"));
  YamlTree network = YamlTree::of_map({});
  network.set("version", YamlTree::of_plain("2"));
  network.set("ethernets", YamlTree::of_map({}));
  return {"#cloud-config\n" + write_yaml(tree), write_yaml(meta), write_yaml(network)};
}

const std::string& SeedHashes::of(const Node& node) {
  auto& hash = nodes_[&node];
  if (!hash.empty()) return hash;
  // Of what goes in, not of the merged and written text: a thousand nodes are planned in a blink.
  std::vector<std::string> parts;
  for (const auto& tree : {own_part(lab_, node, NodeKeys::placeholder()), meta_data(node),
                           network_config(lab_, node)}) {
    parts.push_back(yaml_to_json(tree).dump());
  }
  for (const auto& fragment : node.cloud_init) parts.push_back(of_text(fragment.text));
  hash = hash_of(parts);
  return hash;
}

const std::string& SeedHashes::of_text(const std::string& text) {
  auto& hash = texts_[text];
  if (hash.empty()) hash = sha256_hex(text);
  return hash;
}

}  // namespace vmlab

#include "run/keys.h"

#include <fmt/format.h>

#include <unordered_set>

#include "base/text.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

fs::path key_file(const Lab& lab, const std::string& node, const Paths& paths) {
  return node.empty() ? paths.user_key(lab.name) : paths.host_key(lab.name, node);
}

fs::path public_file(fs::path key) {
  return key += ".pub";
}

/// The line of known_hosts, without its end.
std::string pin(const Lab& lab, const Node& node, std::string_view public_key) {
  return fmt::format("{},{},{}.{} {}", node.address.text(), node.name, node.name,
                     lab.network.domain, trim(public_key));
}

std::string must_read(const fs::path& path, Ports& ports) {
  auto text = ports.system.read(path);
  if (!text) throw Error(fmt::format("cannot read key '{}': there is no such file", path.string()));
  return *text;
}

}  // namespace

std::set<std::string> keys_present(const Lab& lab, const Paths& paths, Ports& ports) {
  std::set<std::string> present;
  if (ports.system.stat(public_file(paths.user_key(lab.name)))) present.insert("");
  const auto known = ports.system.read(paths.known_hosts(lab.name)).value_or("");
  const auto pins = lines(known);
  const std::unordered_set<std::string_view> pinned(pins.begin(), pins.end());
  for (const auto& node : lab.nodes) {
    // The public half is written last.
    const auto key = ports.system.read(public_file(paths.host_key(lab.name, node.name)));
    if (key && pinned.contains(pin(lab, node, *key))) present.insert(node.name);
  }
  return present;
}

void make_keys(const Lab& lab, const std::vector<std::string>& missing, const Paths& paths,
               Ports& ports) {
  auto& system = ports.system;
  system.make_directory(paths.lab(lab.name), 0711);
  system.make_directory(paths.secrets(lab.name), 0700);
  for (const auto& name : missing) {
    const auto file = key_file(lab, name, paths);
    if (system.stat(public_file(file))) continue;
    const auto [private_key, public_key] = ports.guests.generate_key();
    system.write(file, private_key, 0600);
    system.write(public_file(file), public_key + "\n", 0644);
  }
  std::string known;
  for (const auto& node : lab.nodes) {
    const auto key = must_read(public_file(key_file(lab, node.name, paths)), ports);
    known += pin(lab, node, key) + "\n";
  }
  system.write(paths.known_hosts(lab.name), known, 0644);
}

NodeKeys read_keys(const Lab& lab, const std::string& node, const Paths& paths, Ports& ports) {
  const auto host = key_file(lab, node, paths);
  return {
      .host_private = must_read(host, ports),
      .host_public = std::string(trim(must_read(public_file(host), ports))),
      .authorized_key = std::string(trim(must_read(public_file(paths.user_key(lab.name)), ports)))};
}

}  // namespace vmlab

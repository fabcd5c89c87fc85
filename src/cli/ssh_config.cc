#include "cli/ssh_config.h"

#include <fmt/format.h>

#include "base/text.h"

namespace vmlab {

namespace {

/// A path as an argument in ssh_config(5): quoted, with `%` doubled, since tokens are expanded.
std::string argument(const std::filesystem::path& path) {
  std::string quoted = "\"";
  for (const char c : path.string()) {
    if (c == '"' || c == '\n' || c == '\r') {
      throw Error(fmt::format("cannot tell ssh the path '{}': it holds a quote or a line end",
                              path.string()),
                  "name another directory with --state-dir");
    }
    quoted += c;
    if (c == '%') quoted += '%';
  }
  return quoted + "\"";
}

}  // namespace

std::string render_ssh_config(const std::vector<SshTarget>& targets, const std::string& domain) {
  std::string text = "# Written by vmlab; changes are lost.\n";
  for (const auto& target : targets) {
    text += fmt::format(
        "\nHost {}\n"
        "  HostName {}\n"
        "  Port {}\n"
        "  User {}\n"
        "  IdentityFile {}\n"
        "  IdentitiesOnly yes\n"
        "  UserKnownHostsFile {}\n"
        "  GlobalKnownHostsFile /dev/null\n"
        "  StrictHostKeyChecking yes\n"
        "  UpdateHostKeys no\n"
        "  ConnectTimeout 30\n",
        domain.empty() ? target.node : fmt::format("{0} {0}.{1}", target.node, domain),
        target.address, target.port, target.user, argument(target.private_key),
        argument(target.known_hosts));
  }
  return text;
}

std::string ssh_config_of(const Lab& lab, const Settings& settings) {
  std::vector<SshTarget> targets;
  for (const auto& node : lab.nodes) targets.push_back(ssh_target(lab, node, settings));
  return render_ssh_config(targets, lab.network.domain);
}

std::string remote_command(const std::vector<std::string>& words) {
  return words.size() == 1 ? words.front() : shell_join(words);
}

}  // namespace vmlab

#include "lab/becoming.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "lab/node_files.h"

namespace vmlab {

namespace {

/// One line of the script: a file with its permissions. A file that is there keeps its own.
std::string put(const char* umask, const std::string& path, const std::string& text) {
  return fmt::format("put {} {} {}\n", umask, shell_quote(path), shell_quote(text));
}

constexpr const char* for_all = "022";
constexpr const char* for_root = "077";

/// As cloud-init's renderer for networkd writes it.
std::string network_file(const Lab& lab, const Node& node) {
  return fmt::format(
      "[Address]\nAddress={}/{}\n\n[Match]\nMACAddress={}\nName=eth0\n\n"
      "[Network]\nDHCP=no\nDNS={}\nDomains={}\n\n[Route]\nGateway={}\n\n",
      node.address.text(), lab.network.cidr.prefix, node.mac, lab.network.gateway.text(),
      lab.network.domain, lab.network.gateway.text());
}

/// The lines that cloud-init adds to fstab, and the directories that they need.
std::string mount_lines(const Node& node) {
  std::string script;
  for (const auto& mount : mount_entries(node)) {
    auto words = mount;
    words[3] += ",comment=cloudconfig";
    script += fmt::format("mkdir -p {}\nprintf '%s\\n' {} >>/etc/fstab\n", shell_quote(mount[1]),
                          shell_quote(join(words, "\t")));
  }
  return script;
}

}  // namespace

std::string own_documents(const Node& node) {
  for (const auto& fragment : node.cloud_init) {
    if (fragment.name.find_first_of("/.") != std::string::npos) {
      return fmt::format("it has a cloud-config of its own: {}", fragment.name);
    }
  }
  return {};
}

std::string machine_id(const Node& node) {
  auto id = uuid_v5("machine-id/" + node.uuid);
  std::erase(id, '-');
  return id;
}

std::string become_script(const Lab& lab, const Node& node, const NodeKeys& keys,
                          const Becoming& becoming) {
  const auto since_epoch = becoming.now.time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  std::string script =
      "set -eu\n"
      "read -r uptime idle </proc/uptime\n"
      "put() { umask \"$1\"; printf %s \"$3\" >\"$2\"; }\n"
      "[ -d /var/lib/cloud/instances/vmlab-template ] ||"
      " { echo 'this guest is no template' >&2; exit 1; }\n";
  script += put(for_root, "/run/vmlab/random", becoming.random_hex + "\n");
  script += put(for_all, "/etc/machine-id", machine_id(node) + "\n");
  script += put(for_all, "/etc/hostname", node.name + "\n");
  script += put(for_all, "/etc/hosts", hosts_file(lab, node));
  script += fmt::format("[ -L /etc/resolv.conf ] || {}",
                        put(for_all, "/etc/resolv.conf", join(resolver_lines(lab), "\n") + "\n"));
  script +=
      put(for_all, "/etc/systemd/network/10-cloud-init-eth0.network", network_file(lab, node));
  if (lab.bootstrap() != nullptr) {
    script += put(for_all, "/etc/chrony/conf.d/vmlab.conf", chrony_file(lab, node));
  }
  if (const auto mounts = docker_mounts_file(node); !mounts.empty()) {
    const std::string path(docker_mounts_path);
    script += "umask 022\nmkdir -p " + path.substr(0, path.rfind('/')) + "\n";
    script += put(for_all, path, mounts);
  }
  script += put(for_root, "/root/.ssh/authorized_keys", keys.authorized_key + "\n");
  script += put(for_root, "/etc/ssh/ssh_host_ed25519_key", keys.host_private);
  script += put(for_root, "/etc/ssh/ssh_host_ed25519_key.pub", keys.host_public);
  script += "umask 022\n" + mount_lines(node);
  script +=
      fmt::format("exec /usr/lib/vmlab/become {} {} {}.{:03} \"$uptime\"\n", shell_quote(node.uuid),
                  shell_quote(becoming.boot_id), ms / 1000, ms % 1000);
  return script;
}

}  // namespace vmlab

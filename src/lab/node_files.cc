#include "lab/node_files.h"

#include <fmt/format.h>

namespace vmlab {

std::string fqdn(const Lab& lab, const Node& node) {
  return node.name + "." + lab.network.domain;
}

std::string hosts_file(const Lab& lab, const Node& node) {
  return fmt::format(
      "127.0.0.1 localhost\n"
      "::1 localhost ip6-localhost ip6-loopback\n"
      "{} {} {}\n",
      node.address.text(), fqdn(lab, node), node.name);
}

std::string chrony_file(const Lab& lab, const Node& node) {
  const auto* bootstrap = lab.bootstrap();
  std::string role;
  if (node.role == Role::bootstrap) {
    role = fmt::format("local stratum 10\nallow {}\n", lab.network.cidr.text());
  } else {
    role = fmt::format("server {} iburst minpoll 4 maxpoll 4\n", bootstrap->address.text());
  }
  return role + "makestep 0.1 -1\nrtcsync\n";
}

std::vector<std::string> resolver_lines(const Lab& lab) {
  return {"search " + lab.network.domain, "nameserver " + lab.network.gateway.text()};
}

std::vector<std::vector<std::string>> mount_entries(const Node& node) {
  std::vector<std::vector<std::string>> entries;
  for (const auto& disk : node.disks) {
    // Docker must not start on the directory below the mount; a missing disk must not stop ssh.
    // Before version 233 systemd does not know `before`: docker_mounts_file.
    constexpr const char* options =
        "defaults,nofail,x-systemd.before=docker.service,x-systemd.device-timeout=30s";
    entries.push_back({"/dev/disk/by-label/" + disk.label, disk.mount, "ext4", options, "0", "2"});
  }
  return entries;
}

std::string docker_mounts_file(const Node& node) {
  const std::string docker = "/var/lib/docker/";
  std::string mounts;
  for (const auto& disk : node.disks) {
    const auto mount = disk.mount + "/";
    if (docker.starts_with(mount) || mount.starts_with(docker)) mounts += " " + disk.mount;
  }
  return mounts.empty() ? mounts : "[Unit]\nRequiresMountsFor=" + mounts.substr(1) + "\n";
}

}  // namespace vmlab

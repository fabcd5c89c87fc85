// A small resolved lab with DC/OS, made by hand, for tests of what is planned on it.
#pragma once

#include <fmt/format.h>

#include <string>

#include "lab/lab.h"

namespace vmlab::test {

inline Node dcos_node(std::string name, Role role, std::string_view address) {
  Node node;
  node.name = std::move(name);
  node.role = role;
  node.address = *parse_ipv4(address);
  node.domain_name = "test-" + node.name;
  return node;
}

inline Lab dcos_lab(unsigned masters = 3, unsigned agents = 1, unsigned public_agents = 1) {
  Lab lab;
  lab.name = "test";
  lab.file = "lab.yaml";
  lab.network.name = "test";
  lab.network.domain = "dcos.test";
  lab.network.cidr = *parse_cidr("192.168.90.0/24");
  lab.network.gateway = *parse_ipv4("192.168.90.1");
  lab.nodes.push_back(dcos_node("bootstrap", Role::bootstrap, "192.168.90.2"));
  const auto add = [&](const char* name, Role role, unsigned count, unsigned first) {
    for (unsigned i = 1; i <= count; ++i) {
      lab.nodes.push_back(
          dcos_node(fmt::format("{}-{}", name, i), role, fmt::format("192.168.90.{}", first + i)));
    }
  };
  add("master", Role::master, masters, 10);
  add("agent", Role::agent, agents, 20);
  add("public", Role::public_agent, public_agents, 30);
  lab.dcos = DcosInstall{};
  lab.dcos->release.practice = true;
  lab.dcos->release.path = "/usr/share/vmlab/practice/dcos_generate_config.sh";
  lab.dcos->release.mark = {9, 5};
  return lab;
}

}  // namespace vmlab::test

// Every document that vmlab renders, before the real cloud-init.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "adapter/temp_dir.h"
#include "base/text.h"
#include "lab/cloud_init.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int exit_code = -1;
  std::string output;
};

Outcome run(const std::vector<std::string>& words) {
  const auto command = shell_join(words) + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  Outcome outcome;
  std::array<char, 4096> buffer{};
  while (const auto got = fread(buffer.data(), 1, buffer.size(), pipe)) {
    outcome.output.append(buffer.data(), got);
  }
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

class CloudInitTool : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.path() / name, std::ios::binary) << text;
    return directory_.path() / name;
  }
  Outcome schema(const std::string& user_data) {
    return run({"cloud-init", "schema", "--config-file", write("user-data", user_data).string()});
  }
  /// All files that cloud-init makes of a network-config, as one text.
  std::string network(const std::string& config, const std::string& kind,
                      const std::string& distribution) {
    const auto into = directory_.path() / kind;
    const auto outcome = run(std::vector<std::string>{
        "cloud-init", "devel", "net-convert", "--network-data",
        write("network-config", config).string(), "--kind", "yaml", "--output-kind", kind,
        "--distro", distribution, "--directory", into.string()});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    std::ostringstream all;
    for (const auto& entry : fs::recursive_directory_iterator(into)) {
      if (entry.is_regular_file()) all << std::ifstream(entry.path()).rdbuf();
    }
    return all.str();
  }

  const NodeKeys keys_{
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"
      "-----END OPENSSH PRIVATE KEY-----\n",
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB== vmlab"};

 private:
  TempDir directory_;
};

Lab project_lab(const std::string& name) {
  const auto file = "topologies/" + name + ".yaml";
  return resolve(load(test::project_file(file), file, test::project_library(), {}), {});
}

TEST_F(CloudInitTool, TakesTheDocumentsOfEveryTopologyAndRole) {
  for (const auto* name : {"quickstart", "dcos", "plain"}) {
    const auto lab = project_lab(name);
    std::set<std::string> groups;
    for (const auto& node : lab.nodes) {
      if (!groups.insert(node.group).second) continue;  // its documents differ in names only
      for (const auto& documents : {seed_documents(lab, node, keys_), template_documents(node)}) {
        const auto outcome = schema(documents.user_data);
        EXPECT_EQ(outcome.exit_code, 0) << name << "/" << node.name << "\n" << outcome.output;
        EXPECT_EQ(outcome.output.find("eprecat"), std::string::npos) << outcome.output;
      }
    }
  }
}

TEST_F(CloudInitTool, TakesEveryFragmentAloneAndTheUsersOwn) {
  auto lab = project_lab("plain");
  auto node = lab.nodes.front();
  node.cloud_init.clear();
  EXPECT_EQ(schema(seed_documents(lab, node, keys_).user_data).exit_code, 0);
  for (const auto& [name, text] : test::project_library().fragments) {
    node.cloud_init = {{name, text}};
    const auto outcome = schema(seed_documents(lab, node, keys_).user_data);
    EXPECT_EQ(outcome.exit_code, 0) << name << "\n" << outcome.output;
  }
  node.cloud_init = {{"./own.yaml",
                      "#cloud-config\nusers: [{name: joe, lock_passwd: yes}]\n"
                      "packages: [vim]\nruncmd: [[id], 'echo \"a: b\"']\n"
                      "write_files: [{path: /x, permissions: '0600', content: !!binary aGk=}]\n"}};
  const auto outcome = schema(seed_documents(lab, node, keys_).user_data);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

TEST_F(CloudInitTool, RefusesWhatIsWrong) {
  EXPECT_NE(schema("#cloud-config\nruncmd: yes\n").exit_code, 0);
}

TEST_F(CloudInitTool, MakesAStaticNetworkOfTheConfigurationOnEachFamily) {
  const auto lab = project_lab("dcos");
  const auto& node = lab.node("master-1");
  const auto config = seed_documents(lab, node, keys_).network_config;
  const auto networkd = network(config, "networkd", "debian");
  for (const auto& part : {"MACAddress=" + node.mac, std::string("Address=192.168.90.11/24"),
                           std::string("Gateway=192.168.90.1"), std::string("DNS=192.168.90.1"),
                           std::string("Domains=dcos.test"), std::string("DHCP=no")}) {
    EXPECT_NE(networkd.find(part), std::string::npos) << part << "\n" << networkd;
  }
  const auto sysconfig = network(config, "sysconfig", "rhel");
  for (const auto& part : {"HWADDR=" + node.mac, std::string("BOOTPROTO=none"),
                           std::string("IPADDR=192.168.90.11"), std::string("GATEWAY=192.168.90.1"),
                           std::string("DNS1=192.168.90.1"), std::string("DOMAIN=dcos.test")}) {
    EXPECT_NE(sysconfig.find(part), std::string::npos) << part << "\n" << sysconfig;
  }
  const auto eni = network(config, "eni", "debian");
  EXPECT_NE(eni.find("address 192.168.90.11/24"), std::string::npos) << eni;
  const auto netplan = network(config, "netplan", "ubuntu");
  EXPECT_NE(netplan.find("macaddress: " + node.mac), std::string::npos) << netplan;
}

}  // namespace
}  // namespace vmlab

#include "support/fake_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"

namespace vmlab::test {

namespace {

using nlohmann::json;

constexpr auto install_script_text = "#!/bin/bash\n# dcos_install.sh of a fake release\n";

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

class Cluster {
 public:
  Cluster(FakeWorld& world, const Lab& lab) : world_(world), lab_(lab) {}

  std::optional<GuestResult> guest(const std::string& name, const std::string& script) const {
    if (contains(script, "result.json")) return cloud_init(name);
    if (contains(script, "adjtimex")) return said("state=0 status=1 esterror=120\n");
    if (contains(script, "chronyc -n -c tracking"))
      return said("7F7F0101,,10,1,0,0,0,0,0,0,0,0,0,Normal\n");
    if (contains(script, "sha256sum")) return said(sha256_hex(install_script_text) + "  file\n");
    if (contains(script, "/dev/tcp/127.0.0.1/2181")) return zookeeper(name);
    if (contains(script, "node-poststart"))
      return said(R"({"status":0,"checks":{"xz":{"output":"","status":0}}})");
    return std::nullopt;
  }

  HttpReply http(const std::string& url) const {
    for (const auto& node : lab_.nodes) {
      const auto base = "http://" + node.address.text();
      if (!url.starts_with(base + ":") && !url.starts_with(base + "/")) continue;
      return answer_of(node, url.substr(base.size()));
    }
    return refused();
  }

 private:
  static GuestResult said(std::string out) {
    return {.exit_code = 0, .out = std::move(out), .err = {}};
  }
  static HttpReply refused() {
    return {.reached = false, .status = 0, .body = {}, .error = "Connection refused"};
  }
  static HttpReply ok(std::string body) {
    return {.reached = true, .status = 200, .body = std::move(body), .error = {}};
  }

  const FakeGuest* guest_of(const std::string& name) const {
    // Also of a node that the lab was given since.
    const auto domain = world_.domains_by_name.find(lab_.name + "-" + name);
    if (domain == world_.domains_by_name.end() ||
        domain->second.info.state != DomainState::running) {
      return nullptr;
    }
    for (const auto& [path, guest] : world_.guests) {
      if (path.ends_with("/" + name + ".qcow2")) return &guest;
    }
    return nullptr;
  }

  bool installed(const Node& node) const {
    const auto* guest = guest_of(node.name);
    return guest != nullptr && guest->marks.contains("dcos.install." + node.name);
  }

  GuestResult cloud_init(const std::string& name) const {
    const auto* guest = guest_of(name);
    if (guest == nullptr || !guest->cloud_init_done) return said("none\n");
    json errors = json::array();
    if (!guest->cloud_init_error.empty()) errors.push_back(guest->cloud_init_error);
    const json status = {{"v1", {{"stage", nullptr}}}};
    const json result = {
        {"v1", {{"datasource", "DataSourceNoCloud [seed=/dev/vdb]"}, {"errors", errors}}}};
    return said(fmt::format("==> status.json <==\n{}\n\n==> result.json <==\n{}\n", status.dump(),
                            result.dump()));
  }

  GuestResult zookeeper(const std::string& name) const {
    const auto masters = lab_.with_role(Role::master);
    std::vector<std::string> serving;
    for (const Node* master : masters) {
      if (installed(*master)) serving.push_back(master->name);
    }
    if (serving.size() <= masters.size() / 2 || std::ranges::find(serving, name) == serving.end()) {
      return {.exit_code = 1, .out = {}, .err = "Connection refused"};
    }
    return said(fmt::format("Zookeeper version: 3.4.14\nMode: {}\n",
                            name == serving.front() ? "leader" : "follower"));
  }

  HttpReply answer_of(const Node& node, const std::string& path) const {
    if (node.role == Role::bootstrap) {
      const auto* guest = guest_of(node.name);
      const bool serves = guest != nullptr && guest->marks.contains("dcos.serve");
      return serves ? ok(install_script_text) : refused();
    }
    if (!installed(node)) return refused();
    const bool leads = node.name == "master-1";
    if (contains(path, "/exhibitor/v1/cluster/status")) return ok(exhibitor());
    if (contains(path, ":5051/metrics/snapshot")) return ok(R"({"slave/registered":1.0})");
    if (contains(path, ":5050/metrics/snapshot")) {
      return ok(
          json{{"registrar/log/recovered", 1.0}, {"master/elected", leads ? 1.0 : 0.0}}.dump());
    }
    if (contains(path, "/master/slaves")) return ok(slaves());
    if (contains(path, ":5050/master/state")) {
      return leads ? ok(state(node))
                   : HttpReply{.reached = true, .status = 307, .body = {}, .error = {}};
    }
    if (contains(path, ":8123/v1/hosts/master.mesos")) return ok(dns_hosts());
    if (contains(path, ":5050/api/v1")) return ok("");
    if (contains(path, "/net/v1/nodes")) return ok(public_addresses());
    if (contains(path, "/v2/info")) {
      return ok(
          R"({"name":"marathon","version":"1.6","elected":true,"leader":"10.0.0.1:8080","frameworkId":"f"})");
    }
    if (contains(path, "dcos-version.json")) {
      return ok(R"({"version":"2.0.7","dcos-image-commit":"c","bootstrap-id":"b"})");
    }
    return refused();
  }

  std::string public_addresses() const {
    json nodes = json::array();
    for (const auto& node : lab_.nodes) {
      const bool open = node.role == Role::public_agent;
      nodes.push_back({{"private_ip", node.address.text()},
                       {"public_ips", open ? json{"203.0.113.7", "203.0.113.8"} : json::array()}});
    }
    return nodes.dump();
  }

  std::string exhibitor() const {
    json servers = json::array();
    for (const Node* master : lab_.with_role(Role::master)) {
      servers.push_back({{"code", 3},
                         {"description", "serving"},
                         {"hostname", master->address.text()},
                         {"isLeader", master->name == "master-1"}});
    }
    return servers.dump();
  }

  std::string state(const Node& leader) const {
    auto all = json::parse(slaves());
    const auto address = leader.address.text();
    all["id"] = "leader-id";
    all["hostname"] = address;
    all["pid"] = all["leader"] = fmt::format("master@{}:5050", address);
    all["frameworks"] =
        json::array({{{"id", "f-1"},
                      {"name", "marathon"},
                      {"hostname", address},
                      {"active", true},
                      {"tasks", json::array({1, 2})},
                      {"resources", {{"cpus", 1.5}, {"mem", 256}, {"disk", 0}}}},
                     {{"id", "f-2"}, {"name", "gone"}, {"hostname", address}, {"active", false}}});
    return all.dump();
  }

  std::string dns_hosts() const {
    json list = json::array();
    for (const Node* master : lab_.with_role(Role::master)) {
      list.push_back({{"host", "master.mesos."}, {"ip", master->address.text()}});
    }
    return list.dump();
  }

  std::string slaves() const {
    json list = json::array();
    for (const auto& node : lab_.nodes) {
      if ((node.role != Role::agent && node.role != Role::public_agent) || !installed(node))
        continue;
      json attributes = json::object();
      if (node.role == Role::public_agent) attributes["public_ip"] = "true";
      list.push_back({{"id", "S-" + node.name},
                      {"hostname", node.address.text()},
                      {"pid", fmt::format("slave(1)@{}:5051", node.address.text())},
                      {"active", true},
                      {"attributes", attributes}});
    }
    return json{{"slaves", list}}.dump();
  }

  FakeWorld& world_;
  const Lab& lab_;
};

}  // namespace

void serve_cluster(FakeWorld& world, const Lab& lab) {
  const Cluster cluster(world, lab);
  world.answer = [cluster](const std::string& node, const std::string& script) {
    return cluster.guest(node, script);
  };
  world.answer_http = [cluster](const std::string& url) { return cluster.http(url); };
  world.answer_post = [cluster](const std::string& url, const std::string&) {
    auto reply = cluster.http(url);
    return reply;
  };
}

}  // namespace vmlab::test

#include "dcos/install.h"

#include <fmt/format.h>

#include <map>

#include "base/digest.h"
#include "dcos/config.h"
#include "dcos/explain.h"
#include "dcos/gates.h"
#include "dcos/ip_detect.h"
#include "dcos/preflight.h"
#include "dcos/scripts.h"
#include "lab/readiness.h"

namespace vmlab {
namespace {

using std::chrono::seconds;

/// The items of one lab, collected in order.
class Items {
 public:
  explicit Items(const Lab& lab) : lab_(lab) {
    const auto& release = lab.dcos->release;
    // A checksum names the release wherever it is; without one, the place must do.
    const auto identity = !release.sha256.empty() ? release.sha256
                          : release.practice      ? "practice"
                          : release.url.empty()   ? release.path
                                                  : release.url;
    inputs_ = {identity, render_config(lab), ip_detect_script(lab)};
    hash_ = hash_of(inputs_);
    for (const Role role : {Role::master, Role::agent, Role::public_agent}) {
      // What a node's part depends on: not on how many agents there are.
      auto inputs = inputs_;
      inputs.push_back(dcos_role(role));
      node_hashes_[role] = hash_of(inputs);
      for (const Node* node : lab.with_role(role)) {
        (role == Role::master ? masters_ : agents_).push_back(node);
        nodes_.push_back(node);
      }
    }
  }

  std::vector<InstallItem> all() {
    bootstrap();
    preflights();
    masters();
    agents();
    last_checks();
    return std::move(items_);
  }

 private:
  using After = std::vector<std::string>;

  void task(std::string id, const Node& node, std::string title, GuestTask work, After after,
            std::string hash) {
    items_.push_back({std::move(id), node.name, std::move(title), std::move(work), std::move(after),
                      std::move(hash)});
  }

  void await(Gate gate, After after) {
    auto id = gate.id;
    auto node = gate.node;
    auto title = "wait for " + gate.what;
    items_.push_back({std::move(id), std::move(node), std::move(title), std::move(gate),
                      std::move(after), gate_hash_});
  }

  void bootstrap() {
    const Node& node = *lab_.bootstrap();
    const After ready = {cloud_init_gate_id(node)};
    items_.push_back({"dcos/upload", node.name, "copy the installer to " + node.name,
                      UploadInstaller{lab_.dcos->release,
                                      std::string(dcos_directory) + "/dcos_generate_config.sh"},
                      ready, hash_of({&inputs_[0], 1})});
    task("dcos/genconf-files", node, "write config.yaml and ip-detect on " + node.name,
         {genconf_files_script(inputs_[2]), inputs_[1], seconds{300}, nullptr}, ready, hash_);
    task("dcos/genconf", node, "run the installer's genconf on " + node.name,
         {genconf_script(), {}, seconds{3600}, explain_genconf},
         {"dcos/upload", "dcos/genconf-files"}, hash_);
    task("dcos/serve", node, "serve the installation files on " + node.name,
         {serve_script(port_of_url(bootstrap_url(lab_))), {}, seconds{1200}, explain_serve},
         {"dcos/genconf"}, hash_);
    await(bootstrap_gate(lab_), {"dcos/serve"});
  }

  void preflights() {
    for (const Node* node : nodes_) await(clock_gate(lab_, *node), {cloud_init_gate_id(*node)});
    for (const Node* node : nodes_) {
      // Its first start takes long where it is emulated, and the bootstrap node's genconf leaves
      // processors idle.
      task(docker_id(*node), *node, "start Docker on " + node->name,
           {docker_script(), {}, seconds{1200}, nullptr}, {cloud_init_gate_id(*node)}, gate_hash_);
    }
    for (const Node* node : nodes_) {
      const auto id = "dcos/preflight/" + node->name;
      task(id, *node, "run preflight checks on " + node->name,
           {preflight_script(lab_, *node), inputs_[2], seconds{1200}, explain_preflight,
            preflight_warnings},
           {"gate/bootstrap", clock_gate_id(*node), docker_id(*node)}, node_hashes_.at(node->role));
      preflights_.push_back(id);
    }
  }

  static std::string docker_id(const Node& node) { return "dcos/docker/" + node.name; }

  void install(const Node& node, After after) {
    const auto role = dcos_role(node.role);
    task("dcos/install/" + node.name, node,
         fmt::format("install DC/OS as {} on {}", role, node.name),
         {install_script(lab_, node), {}, seconds{5400}, explain_install}, std::move(after),
         node_hashes_.at(node.role));
    items_.back().only_once = true;
  }

  void masters() {
    After installed;
    // Preflights may have passed long ago, and the bootstrap node been restarted since.
    auto ready = preflights_;
    ready.emplace_back("gate/bootstrap");
    for (const Node* node : masters_) {
      install(*node, ready);
      installed.push_back("dcos/install/" + node->name);
    }
    After modes;
    for (const Node* node : masters_) {
      auto gate = zookeeper_mode_gate(lab_, *node);
      modes.push_back(gate.id);
      await(std::move(gate), installed);
    }
    await(zookeeper_quorum_gate(lab_), modes);
    await(exhibitor_gate(lab_), {"gate/zookeeper-quorum"});
    await(mesos_masters_gate(lab_), {"gate/exhibitor"});
    await(marathon_gate(lab_), {"gate/mesos-masters"});
    for (const Node* node : masters_) {
      await(admin_router_gate(lab_, *node), {"gate/exhibitor"});
    }
  }

  void agents() {
    if (agents_.empty()) return;
    After registered = {"gate/mesos-masters"};
    for (const Node* node : agents_) {
      // The masters waited for every preflight, and the ensemble for the masters.
      install(*node, {"dcos/preflight/" + node->name, "gate/bootstrap", "gate/zookeeper-quorum",
                      "gate/exhibitor"});
    }
    for (const Node* node : agents_) {
      auto gate = registered_gate(lab_, *node);
      registered.push_back(gate.id);
      await(std::move(gate), {"dcos/install/" + node->name});
    }
    await(agents_gate(lab_), registered);
  }

  /// DC/OS's own opinion of each node, when the rest of the cluster stands.
  void last_checks() {
    for (const Node* node : masters_) {
      await(poststart_gate(lab_, *node), {"gate/marathon", "gate/admin-router/" + node->name});
    }
    for (const Node* node : agents_) await(poststart_gate(lab_, *node), {"gate/agents"});
  }

  const Lab& lab_;
  std::vector<std::string> inputs_;  // release, config.yaml, ip-detect
  std::string hash_;                 // of the inputs
  std::map<Role, std::string> node_hashes_;
  std::string gate_hash_ = hash_of({});
  std::vector<const Node*> masters_;
  std::vector<const Node*> agents_;  // private first
  std::vector<const Node*> nodes_;   // all but the bootstrap
  std::vector<std::string> preflights_;
  std::vector<InstallItem> items_;
};

}  // namespace

std::vector<InstallItem> install_items(const Lab& lab) {
  if (!lab.dcos || lab.bootstrap() == nullptr) return {};
  return Items(lab).all();
}

}  // namespace vmlab

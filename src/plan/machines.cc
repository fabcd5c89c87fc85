// Planning of a node up to its prepared phase: disks, domain, boot or fork.
#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/units.h"
#include "lab/readiness.h"
#include "plan/builder.h"
#include "plan/checkpoint.h"
#include "plan/drift.h"
#include "plan/forking.h"
#include "plan/images.h"

namespace vmlab {

std::string revert_step(const std::string& node) {
  return "revert/" + node;
}

bool was_prepared(const Node& node, const ObservedNode& seen) {
  return seen.marks.contains(mark_name(prepared_step(node.name))) ||
         (seen.reached && seen.snapshots.contains(prepared_checkpoint));
}

std::string prepared_step(const std::string& node) {
  return "gate/cloud-init/" + node;
}

namespace {

std::string hash_of_words(std::initializer_list<std::string> words) {
  return hash_of(std::vector<std::string>(words));
}

/// One node on its way to the prepared phase.
class NodePlan {
 public:
  NodePlan(PlanBuilder& builder, const Node& node)
      : builder_(builder),
        node_(node),
        seen_(builder.seen(node.name)),
        files_(builder.files_of(node)),
        seed_hash_(builder.seed_hash(node)) {}

  /// Whether its disk is missing or worth nothing.
  bool fresh() const {
    return !has(files_.root_disk) || seen_.backing_lost || seen_.forking || stale_before_prepared();
  }

  bool anew(bool cold) const { return cold || !warm_obstacle().empty(); }

  void plan() {
    refuse_foreign();
    const bool anew = fresh();
    plan_disks(anew);
    plan_seed(anew);
    plan_domain();
    if (anew) {
      run_anew();
      gates(true, booting_anew());
      return;
    }
    if (!running()) start(id("gate/ssh"));
    if (!seen_.reached) {
      builder_.unknown(node_.name);
      warn_of_foreign_key();
      gates(false, booting());
      if (paused()) plan_clock(builder_, node_, {id("gate/ssh")});
    } else {
      known();
    }
  }

  /// See plan_node_reset.
  std::vector<std::string> reset(const NodeReset& wish) {
    refuse_foreign();
    reset_ = &wish;
    const auto obstacle = wish.cold ? std::string("asked for") : warm_obstacle();
    if (obstacle.empty()) {
      add("revert", fmt::format("revert {} to its checkpoint", node_.name), wish.why, {},
          RestoreCheckpoint{prepared_checkpoint, {node_.domain_name}}, after_reset({"network"}),
          Pool::none);
      // No gate: the checkpoint is of a node that passed it, and its clock is set from inside.
      plan_clock(builder_, node_, {id("revert")});
      return {id("revert")};
    }
    if (!wish.cold) {
      builder_.note(fmt::format("{} cannot go back to its checkpoint and is booted anew: {}",
                                node_.name, obstacle));
    }
    plan_disks(true);
    plan_seed(true);
    plan_domain();
    run_anew();
    gates(true, booting_anew());
    return {id("overlay"), id("start"), id("fork")};
  }

 private:
  bool running() const { return seen_.domain && seen_.domain->state == DomainState::running; }
  bool active() const { return seen_.domain && seen_.domain->state != DomainState::shut_off; }
  bool paused() const { return seen_.domain && seen_.domain->state == DomainState::paused; }

  /// Why the node's own checkpoint is not what the topology wants; empty when it is.
  std::string warm_obstacle() const {
    const auto part = part_of(builder_.lab(), node_.name, seen_, prepared_checkpoint);
    if (!part.broken.empty()) return part.broken;
    if (part.note->content != seed_hash_) {
      return "its cloud-init documents changed since";
    }
    if (part.note->definition != builder_.definition(node_).hash) {
      return "its definition changed since";
    }
    if (cloned_from() != builder_.prepared_image(node_.image)) return "its image changed since";
    return {};
  }

  /// The image below the root disk; empty when there is none.
  std::filesystem::path cloned_from() const {
    if (!seen_.template_image.empty()) return seen_.template_image;
    const auto disk = seen_.disks.find(files_.root_disk.filename().string());
    return disk == seen_.disks.end() ? std::string() : disk->second.backing_file;
  }

  /// The adapter refuses it; here it is only said so before anybody waits for it.
  void warn_of_foreign_key() const {
    if (auto warning = host_key_drift(node_, seen_); !warning.empty()) {
      builder_.note(std::move(warning));
    }
  }

  std::vector<std::string> after_reset(std::vector<std::string> after) const {
    if (reset_ != nullptr) after.insert(after.end(), reset_->after.begin(), reset_->after.end());
    return after;
  }

  std::string id(const std::string& what) const { return what + "/" + node_.name; }

  bool has(const std::filesystem::path& file) const {
    return seen_.disks.contains(file.filename().string());
  }

  void add(const std::string& what, std::string title, std::string why, std::string hash, Step step,
           std::vector<std::string> after, Pool pool, std::string keeps_place_until = {}) {
    builder_.add({.id = id(what),
                  .node = node_.name,
                  .title = std::move(title),
                  .why = std::move(why),
                  .hash = std::move(hash),
                  .step = std::move(step),
                  .after = std::move(after),
                  .pool = pool,
                  .keeps_place_until = std::move(keeps_place_until)});
  }

  void refuse_foreign() const {
    if (!seen_.domain) return;
    const auto& label = seen_.domain->label;
    if (label && label->lab == builder_.lab().name && label->node == node_.name) return;
    throw Error(fmt::format("cannot define domain '{}': the name is held by {}", node_.domain_name,
                            label ? fmt::format("node '{}' of lab '{}'", label->node, label->lab)
                                  : std::string("a domain that vmlab did not make")),
                fmt::format("rename that domain, or give the lab another name than '{}'",
                            builder_.lab().name));
  }

  /// A node that never got prepared and whose documents changed since is worth nothing: cloud-init
  /// would not run again on it.
  bool stale_before_prepared() const {
    if (!has(files_.root_disk) || seen_.seed_hash == seed_hash_) return false;
    if (running() && !seen_.reached) return false;
    return !was_prepared(node_, seen_) && seen_.reached;
  }

  /// Stops the node, and takes away what cannot be kept.
  std::string plan_wipe() {
    std::string why = "missing";
    if (has(files_.root_disk)) {
      why = reset_ != nullptr    ? reset_->why
            : seen_.backing_lost ? "its backing file is gone"
            : seen_.forking      ? "it was cut off while it was forked"
                                 : "its cloud-init documents changed before it was prepared";
      stop(why);
      add("wipe", fmt::format("remove the old disk of {}", node_.name), why, {},
          RemoveFiles{files_.root_disk}, after_reset({id("stop")}), Pool::none);
    } else {
      stop("its disk is gone");
    }
    if (seen_.forking) {
      add("unfork", fmt::format("remove the memory that {} was forked from", node_.name), why, {},
          RemoveFiles{builder_.paths().memory(builder_.lab().name, node_.name)},
          after_reset({id("stop"), id("wipe")}), Pool::none);
    }
    if (!seen_.snapshots.empty()) {
      add("forget", fmt::format("forget the checkpoints of {}", node_.name), why, {},
          ForgetSnapshots{node_.domain_name}, after_reset({id("stop")}), Pool::none);
    }
    return why;
  }

  void plan_disks(bool fresh) {
    const auto& backing = builder_.prepared_image(node_.image);
    if (fresh) {
      why_anew_ = plan_wipe();
      if (builder_.fork_of(node_).empty()) {
        plan_image(builder_, node_.image);
        add("overlay", fmt::format("create overlay for {}", node_.name), why_anew_,
            hash_of_words({backing.string(), std::to_string(node_.disk_mib)}),
            CreateOverlay{files_.root_disk, backing, node_.disk_mib},
            {prepare_image_step(node_.image), id("wipe"), id("stop"), id("unfork"), id("forget")},
            Pool::disk);
      }
    } else if (const auto old = cloned_from(); !old.empty() && old != backing) {
      builder_.note(
          fmt::format("{} was cloned from an older image ({}); it keeps it until it is reset",
                      node_.name, old.filename().string()));
    }
    for (std::size_t i = 0; i < node_.disks.size(); ++i) {
      const auto& disk = node_.disks[i];
      const bool there = has(files_.data_disks[i]);
      if (there && reset_ == nullptr) continue;
      if (there) {
        add("wipe-" + disk.label, fmt::format("remove the old disk of {}", disk.mount), reset_->why,
            {}, RemoveFiles{files_.data_disks[i]}, after_reset({id("stop")}), Pool::none);
      }
      add("disk-" + disk.label,
          fmt::format("create disk of {} for {}", format_size_mib(disk.size_mib), disk.mount),
          there ? reset_->why : "missing",
          hash_of_words({disk.label, std::to_string(disk.size_mib)}),
          CreateDataDisk{files_.data_disks[i], disk.size_mib, disk.label},
          {id("stop"), id("wipe-" + disk.label)}, Pool::disk);
    }
  }

  void stop(const std::string& why) {
    if (!active()) return;
    add("stop", fmt::format("power off {}", node_.name), why, {}, StopDomain{node_.domain_name},
        after_reset({}), Pool::none);
  }

  void plan_seed(bool fresh) {
    if (fresh ? seen_.seed_hash == seed_hash_ : !seen_.seed_hash.empty()) return;
    add("seed", fmt::format("write seed of {}", node_.name),
        seen_.seed_hash.empty() ? "missing" : "changed: cloud-init documents", seed_hash_,
        WriteSeed{node_.name}, {"keys", id("wipe"), id("overlay"), id("stop")}, Pool::none);
  }

  void plan_domain() {
    const auto& [xml, hash] = builder_.definition(node_);
    std::string why = "missing";
    if (seen_.domain) {
      why = "changed: its definition";
      if (seen_.domain->label->hash == hash) {
        const auto edited = domain_drift(builder_.lab(), node_, seen_, builder_.paths());
        if (edited.empty()) return;
        why = edited;
      }
    }
    add("domain", fmt::format("define domain {}", node_.domain_name), std::move(why), hash,
        DefineDomain{node_.domain_name, xml}, {"network", id("stop")}, Pool::none);
    if (seen_.domain && seen_.domain->state == DomainState::running && reset_ == nullptr) {
      builder_.note(
          fmt::format("{} keeps its running shape until it is restarted", node_.domain_name));
    }
  }

  std::vector<std::string> before_run() const {
    std::vector<std::string> after = {id("domain"), id("overlay"), id("seed"),
                                      "network",    "keys",        "dns"};
    for (const auto& disk : node_.disks) after.push_back(id("disk-" + disk.label));
    return after;
  }

  void run_anew() {
    const auto from = builder_.fork_of(node_);
    if (from.empty()) {
      start(prepared_step(node_.name));
      return;
    }
    auto after = before_run();
    for (const auto* cleared : {"stop", "wipe", "unfork", "forget"}) after.push_back(id(cleared));
    after.push_back(template_step(from));
    add("fork", fmt::format("fork {}", node_.name), why_anew_, from,
        ForkDomain{.node = node_.name,
                   .domain = node_.domain_name,
                   .xml = builder_.definition(node_).xml,
                   .from = from,
                   .image = builder_.prepared_image(node_.image)},
        std::move(after), Pool::fork, prepared_step(node_.name));
  }

  /// `booted` is the step that ends when the node has booted.
  void start(std::string booted) {
    add("start", fmt::format("start {}", node_.name),
        reset_ != nullptr                                             ? reset_->why
        : seen_.domain && seen_.domain->state != DomainState::running ? "not running"
                                                                      : "missing",
        {}, StartDomain{node_.domain_name}, before_run(), Pool::boot, std::move(booted));
  }

  /// A fork has answered before it is waited for; then it is no boot that hangs.
  Booting booting_anew() const {
    return builder_.fork_of(node_).empty() ? Booting::now : Booting::no;
  }
  /// Of a node whose disk is kept. A running one that was prepared, or forked, has booted: it is
  /// not for vmlab to reboot it.
  Booting booting() const {
    if (!running()) return paused() ? Booting::no : Booting::now;
    const bool booted =
        seen_.snapshots.contains(prepared_checkpoint) || !seen_.template_image.empty();
    return booted ? Booting::no : Booting::already;
  }

  void gates(bool until_prepared, Booting booting) {
    auto ssh = ssh_gate(builder_.lab(), node_, booting);
    auto title = "wait for " + ssh.what;
    add("gate/ssh", std::move(title), "not answering yet", {},
        AwaitGate{std::move(ssh), {}, {}, {}}, {"keys", id("start"), id("fork")}, Pool::none);
    if (until_prepared) await_cloud_init("not prepared yet", builder_.checkpoints());
  }

  void await_cloud_init(const std::string& why, bool checkpoint) {
    auto gate = cloud_init_gate(builder_.lab(), node_);
    const auto step = prepared_step(node_.name);
    auto title = "wait for " + gate.what;
    std::optional<SaveCheckpoint> save;
    if (checkpoint) {
      save = SaveCheckpoint{prepared_checkpoint, {part_for(builder_, node_, seed_hash_)}, {}, true};
    }
    builder_.add({.id = step,
                  .node = node_.name,
                  .title = std::move(title),
                  .why = why,
                  .hash = seed_hash_,
                  .step = AwaitGate{std::move(gate), mark_name(step), node_.name, std::move(save)},
                  .after = {id("gate/ssh"), id("fork")},
                  .pool = Pool::none});
  }

  void known() {
    const auto mark = seen_.marks.find(mark_name(prepared_step(node_.name)));
    if (mark == seen_.marks.end()) {
      // A node that was reset has its checkpoint and no mark yet.
      const bool was = was_prepared(node_, seen_);
      await_cloud_init(was ? "it was reset" : "not prepared yet",
                       builder_.checkpoints() && !warm_obstacle().empty());
    } else if (mark->second != seed_hash_) {
      builder_.note(fmt::format(
          "{}: cloud-init documents changed since it was prepared; they act when it is made anew",
          node_.name));
    }
  }

  PlanBuilder& builder_;
  const Node& node_;
  const ObservedNode& seen_;
  const DomainFiles& files_;
  const std::string& seed_hash_;
  const NodeReset* reset_ = nullptr;
  std::string why_anew_;
};

}  // namespace

bool reset_makes_anew(PlanBuilder& builder, const Node& node, bool cold) {
  return NodePlan(builder, node).anew(cold);
}

std::vector<std::string> plan_node_reset(PlanBuilder& builder, const Node& node,
                                         const NodeReset& reset) {
  return NodePlan(builder, node).reset(reset);
}

void plan_machines(PlanBuilder& builder) {
  plan_removed_nodes(builder);
  plan_ground(builder);
  std::vector<const Node*> fresh;
  for (const auto& node : builder.lab().nodes) {
    if (NodePlan(builder, node).fresh()) fresh.push_back(&node);
  }
  plan_forks(builder, fresh);
  for (const auto& node : builder.lab().nodes) NodePlan(builder, node).plan();
}

}  // namespace vmlab

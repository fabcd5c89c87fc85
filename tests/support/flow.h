// A fixture for whole flows in a world in memory.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "run/session.h"
#include "support/fake_cluster.h"
#include "support/fake_world.h"

namespace vmlab::test {

class Quiet : public Reporter {
 public:
  void planned(const Plan& plan) override {
    if (!plan.steps.empty()) last = plan;
  }
  void started(const PlannedStep& step) override { order.push_back(step.id); }
  void progress(const PlannedStep& step, const std::string& text, std::uint64_t,
                std::uint64_t) override {
    said.push_back(step.id + ": " + text);
  }
  void remark(const PlannedStep&, const std::string& text) override { remarks.push_back(text); }
  void finished(const PlannedStep&, const StepOutcome&) override {}
  void tick(std::chrono::milliseconds) override {}
  void ended(const RunSummary&) override { ++ends; }

  Plan last;
  std::vector<std::string> order;
  std::vector<std::string> said;
  std::vector<std::string> remarks;
  int ends = 0;
};

inline constexpr auto image_yaml = R"(description: a test image
family: debian
build:
  suite: bookworm
  packages: [docker.io]
disk: 20GiB
)";

inline constexpr auto cluster_yaml = R"(name: t
image: debian-12
network: {cidr: 192.168.77.0/24, domain: t.test}
defaults: {memory: 8GiB, disk: 20GiB}
nodes:
  bootstrap: {role: bootstrap}
  master: {role: master, count: 3}
  agent: {role: agent, count: 1, disks: [{mount: /var/lib/mesos, size: 10GiB}]}
  public: {role: public_agent, count: 1}
install:
  dcos:
    release: practice
    config: {cluster_name: T}
)";

inline constexpr auto plain_yaml = R"(name: t
image: debian-12
network: {cidr: 192.168.77.0/24, domain: t.test}
nodes:
  box: {role: plain, count: 2}
)";

class Flow : public testing::Test {
 protected:
  Flow() {
    settings_.paths.root = "/state";
    settings_.library.images["debian-12"] = image_yaml;
    for (const auto* name : {"docker", "ntp", "firewalld-off", "selinux-permissive"}) {
      settings_.library.fragments[name] = "#cloud-config\nruncmd:\n  - [\"true\"]\n";
    }
    settings_.library.practice_release = "/release/dcos_generate_config.sh";
    world_->files["/release/dcos_generate_config.sh"] = "installer";
    settings_.accelerator = Accelerator::tcg;
  }

  /// The lab that `yaml` describes, with a cluster behind it that answers.
  const Lab& lab(const std::string& yaml) {
    world_->files["/t.yaml"] = yaml;
    auto ports = world_->ports();
    lab_ = load_lab("/t.yaml", settings_, ports);
    test::serve_cluster(*world_, lab_);
    return lab_;
  }

  RunSummary run_up(const Lab& wanted) {
    auto ports = world_->ports();
    reporter_ = {};
    return up(wanted, settings_, ports, reporter_, {});
  }

  RunSummary run_down() {
    auto ports = world_->ports();
    return down("t", settings_, ports, reporter_, {});
  }

  /// What is left of the world besides what was there before vmlab.
  void forget_inputs() {
    world_->files.erase("/t.yaml");
    world_->files.erase("/state/durations");
    world_->files.erase("/release/dcos_generate_config.sh");
    std::erase_if(world_->disk_files,
                  [](const auto& entry) { return entry.first.starts_with("/state/images/"); });
  }

  std::string failure(const RunSummary& summary) {
    for (const auto& step : summary.steps) {
      if (step.result == StepResult::failed) return step.id + ": " + step.message;
    }
    return {};
  }

  /// After what befalls the world in each of the moments, `up` reaches the same end.
  void expect_convergence(const std::vector<FakeMoment>& moments, const std::string& end,
                          const std::function<void(const FakeMoment&)>& befall,
                          const std::function<const Lab&()>& wanted) {
    for (const auto& moment : moments) {
      befall(moment);
      const auto summary = run_up(wanted());
      ASSERT_TRUE(summary.ok()) << moment.when << ": " << failure(summary);
      ASSERT_EQ(world_->snapshot(), end) << moment.when;
    }
  }
  void expect_convergence_after_power_cuts(const std::vector<FakeMoment>& moments,
                                           const std::string& end,
                                           const std::function<const Lab&()>& wanted) {
    expect_convergence(
        moments, end, [this](const FakeMoment& moment) { world_->cut_power_in(moment); }, wanted);
  }

  std::size_t place(const std::string& id) {
    const auto found = std::ranges::find(reporter_.order, id);
    EXPECT_NE(found, reporter_.order.end()) << id;
    return static_cast<std::size_t>(found - reporter_.order.begin());
  }

  std::unique_ptr<FakeWorld> world_ = std::make_unique<FakeWorld>();
  Settings settings_;
  Lab lab_;
  Quiet reporter_;
};

}  // namespace vmlab::test

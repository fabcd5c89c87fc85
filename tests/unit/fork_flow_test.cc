// Labs whose nodes are forked, in a world in memory: as they should, and with every trouble.
#include <gtest/gtest.h>

#include "base/text.h"
#include "lab/becoming.h"
#include "plan/forking.h"
#include "run/outlook.h"
#include "support/flow.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using test::cluster_yaml;
using test::plain_yaml;

class ForkFlow : public test::Flow {
 protected:
  const Lab& able(const std::string& yaml) {
    (void)lab(yaml);
    for (auto& [name, image] : lab_.images) image.forkable = true;
    return lab_;
  }

  std::string name_of_template() const {
    return template_name(lab_, lab_.nodes.front(), "QEMU 7.2.0, libvirt 9.0.0");
  }
  TemplateFiles files() const { return settings_.paths.template_files(name_of_template()); }
  bool there(const std::filesystem::path& file) const {
    return world_->files.contains(file.string()) || world_->disk_files.contains(file.string());
  }
  std::string backing_of(const std::string& node) const {
    return world_->disk_files.at("/state/labs/t/" + node + ".qcow2").backing_file;
  }
  bool forked(const std::string& node) const { return backing_of(node) == files().disk; }

  static bool in(const std::vector<std::string>& lines, const std::string& words) {
    return std::ranges::any_of(
        lines, [&](const std::string& line) { return line.find(words) != std::string::npos; });
  }
  bool said(const std::string& words) const { return in(reporter_.said, words); }

  void expect_no_remains() const {
    EXPECT_FALSE(world_->domains_by_name.contains(template_domain(name_of_template())));
    for (const auto& [path, text] : world_->files) {
      EXPECT_FALSE(path.ends_with(".memory")) << path;
    }
    for (const auto& [path, guest] : world_->guests) {
      EXPECT_FALSE(guest.of_template) << path;
    }
  }

  /// All nodes run, and nothing is left of what did not work; the nodes are booted.
  void expect_booted(const RunSummary& summary, const std::vector<std::string>& because) {
    EXPECT_TRUE(summary.ok()) << failure(summary);
    for (const auto& cause : because) {
      EXPECT_TRUE(in(reporter_.remarks, cause)) << cause << "\n" << join(reporter_.said, "\n");
    }
    expect_no_remains();
    for (const auto& node : lab_.nodes) EXPECT_FALSE(forked(node.name)) << node.name;
    const auto again = run_up(lab_);
    EXPECT_TRUE(again.ok() && again.steps.empty());
  }
};

TEST_F(ForkFlow, NodesOfAClusterAreForkedAndConverge) {
  const auto summary = run_up(able(cluster_yaml));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  expect_no_remains();
  for (const auto& node : lab_.nodes) EXPECT_TRUE(forked(node.name)) << node.name;
  EXPECT_TRUE(there(files().sum));
  const auto note = parse_template_note(world_->files.at(files().about));
  ASSERT_TRUE(note);
  EXPECT_EQ(note->image, "debian-12");
  EXPECT_EQ(note->disk_mib, 20U * 1024);
  EXPECT_EQ("/state/images/" + note->prepared, world_->disk_files.at(files().disk).backing_file);
  EXPECT_EQ(world_->attached.at("t-master-1").size(), 1U);
  EXPECT_EQ(world_->attached.at("t-agent-1").size(), 2U) << "a data disk and its NIC";
  EXPECT_LT(place(template_step(name_of_template())), place("fork/agent-1"));
  auto ports = world_->ports();
  EXPECT_EQ(status(lab_, Ask::guests, settings_, ports, {}).phase, Phase::installed);
}

TEST_F(ForkFlow, APlanOfForksReadsLikeThis) {
  const auto& wanted = able(plain_yaml);
  auto ports = world_->ports();
  const auto plan = look_ahead(wanted, settings_, ports, {}).plan;
  std::string text;
  for (const auto& step : plan.steps) {
    text += fmt::format("{}: {} ({})\n", step.id, step.title, step.why);
    for (const auto& id : step.after) text += "    after " + id + "\n";
  }
  const auto name = name_of_template();
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) {
    text.replace(at, name.size(), "NAME");
  }
  test::expect_golden("plan/plain-forked.txt", text);
}

TEST_F(ForkFlow, ASecondUpDoesNothing) {
  ASSERT_TRUE(run_up(able(cluster_yaml)).ok());
  world_->cut_power_at(0, false);
  const auto again = run_up(lab_);
  EXPECT_TRUE(again.ok());
  EXPECT_TRUE(again.steps.empty());
  EXPECT_EQ(world_->effects(), std::vector<std::string>{});
}

TEST_F(ForkFlow, DownLeavesTheTemplateToOthers) {
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  ASSERT_TRUE(run_down().ok());
  EXPECT_TRUE(world_->domains_by_name.empty());
  EXPECT_TRUE(there(files().sum));
  world_->cut_power_at(0, false);
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  EXPECT_TRUE(forked("box-1"));
  const auto& done = world_->effects();
  EXPECT_EQ(std::ranges::count(done, "save domain " + template_domain(name_of_template())), 0);
}

TEST_F(ForkFlow, OneMoreNodeIsForkedFromTheSameTemplate) {
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  std::string more = plain_yaml;
  more.replace(more.find("count: 2"), 8, "count: 3");
  const auto summary = run_up(able(more));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_TRUE(forked("box-3"));
  EXPECT_EQ(std::ranges::count(reporter_.order, "fork/box-1"), 0);
}

TEST_F(ForkFlow, AForkedNodeIsStartedFromItsDiskAfterAHostReboot) {
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  world_->power_back();
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  for (const auto& step : summary.steps) {
    EXPECT_TRUE(step.id == "network" || step.id.starts_with("start/") ||
                step.id.starts_with("gate/ssh/"))
        << step.id;
  }
}

TEST_F(ForkFlow, AResetForksWhenItIsToldToOrHasNoCheckpoint) {
  ASSERT_TRUE(run_up(able(cluster_yaml)).ok());
  const auto run_reset = [&](bool cold) {
    auto ports = world_->ports();
    reporter_ = {};
    return reset(lab_, {.nodes = {"agent-1"}, .cold = cold, .then_up = true}, settings_, ports,
                 reporter_, {});
  };
  const auto planned = [&](const std::string& id) {
    return std::ranges::find(reporter_.order, id) != reporter_.order.end();
  };
  EXPECT_TRUE(run_reset(false).ok());
  EXPECT_TRUE(planned("revert/agent-1"));
  EXPECT_FALSE(planned("fork/agent-1"));
  const auto anew = run_reset(true);
  EXPECT_TRUE(anew.ok()) << failure(anew);
  EXPECT_TRUE(planned("fork/agent-1"));
  EXPECT_TRUE(planned("dcos/install/agent-1"));
  EXPECT_TRUE(forked("agent-1"));
  expect_no_remains();
  // The history knows that a forked node is a new one.
  auto ports = world_->ports();
  reporter_ = {};
  EXPECT_TRUE(
      reset(lab_, {.nodes = {"agent-1"}, .cold = true}, settings_, ports, reporter_, {}).ok());
  for (const auto ask : {Ask::host, Ask::guests}) {
    for (const auto& node : status(lab_, ask, settings_, ports, {}).nodes) {
      EXPECT_EQ(node.phase, node.name == "agent-1" ? Phase::prepared : Phase::installed);
    }
  }
  lab_.boot = Boot::cold;
  EXPECT_TRUE(run_reset(true).ok());
  EXPECT_FALSE(forked("agent-1"));
}

TEST_F(ForkFlow, ADamagedTemplateIsMadeAnewWhenNothingLiesOnIt) {
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  ASSERT_TRUE(run_down().ok());
  const auto whole = world_->files.at(files().memory);
  world_->files.at(files().memory).back() = '?';
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  EXPECT_TRUE(in(reporter_.remarks, "is damaged, and is made anew"));
  EXPECT_EQ(world_->files.at(files().memory), whole);
  EXPECT_TRUE(forked("box-1"));
  expect_no_remains();
}

TEST_F(ForkFlow, ADamagedTemplateOnWhichDisksLieIsKeptAndNotUsed) {
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  world_->files.at(files().memory).back() = '?';
  std::string more = plain_yaml;
  more.replace(more.find("count: 2"), 8, "count: 4");
  const auto summary = run_up(able(more));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_TRUE(said("the disks of others lie on it: box-1 of lab t, box-2 of lab t"));
  EXPECT_TRUE(there(files().disk));
  EXPECT_TRUE(forked("box-1"));
  EXPECT_FALSE(forked("box-4"));
  expect_no_remains();
}

TEST_F(ForkFlow, ATemplateThatCannotBeMadeLeavesNothingAndNodesAreBooted) {
  able(plain_yaml);
  world_->answer_agent = [](const std::string&,
                            const std::string& script) -> std::optional<GuestResult> {
    if (script.find("template-ready") == std::string::npos) return std::nullopt;
    return GuestResult{1, "", "cloud-init: error\n"};
  };
  expect_booted(run_up(lab_),
                {"without a template: its guest does not come to rest: cloud-init: error",
                 "cannot fork box-1 (there is no template): it is booted"});
  EXPECT_FALSE(there(files().disk));
  EXPECT_FALSE(world_->stat(settings_.paths.template_directory(name_of_template())));
}

TEST_F(ForkFlow, ATemplateWhoseAgentNeverAnswersIsGivenUp) {
  able(plain_yaml);
  world_->guest_agent = false;
  expect_booted(run_up(lab_),
                {"without a template: not within 10 min 00 s: guest agent is not connected"});
}

TEST_F(ForkFlow, MemoryThatIsRefusedIsNoObstacle) {
  able(plain_yaml);
  world_->restore_error = "Unknown savevm section";
  expect_booted(run_up(lab_),
                {"cannot fork box-2 (cannot restore a domain from "
                 "'/state/labs/t/box-2.memory': Unknown savevm section): it is booted"});
}

TEST_F(ForkFlow, AGuestThatIsSilentIsBooted) {
  able(plain_yaml);
  world_->answer_agent = [](const std::string& domain,
                            const std::string&) -> std::optional<GuestResult> {
    if (domain == "t-box-1") throw Unreachable("cannot reach the guest agent of 't-box-1'", "no");
    return std::nullopt;
  };
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_FALSE(forked("box-1"));
  EXPECT_TRUE(forked("box-2"));
  expect_no_remains();
}

TEST_F(ForkFlow, AGuestThatCannotBecomeTheNodeIsBooted) {
  able(plain_yaml);
  world_->answer_agent = [](const std::string&,
                            const std::string& script) -> std::optional<GuestResult> {
    if (script.find("/become ") == std::string::npos) return std::nullopt;
    return GuestResult{1, "", "no such device: eth0\n"};
  };
  expect_booted(
      run_up(lab_),
      {"cannot fork box-1 (its guest cannot become it: no such device: eth0): it is booted"});
}

TEST_F(ForkFlow, ASeedThatDoesNotFitIsNoObstacle) {
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  ASSERT_TRUE(run_down().ok());
  world_->files.at(files().seed) += "more";
  expect_booted(run_up(able(plain_yaml)), {"its seed has 4096 bytes, the template's 4100"});
}

TEST_F(ForkFlow, ANodeIsToldWhoItIsAndNothingOfItIsGuessable) {
  able(plain_yaml);
  std::vector<std::string> scripts;
  world_->answer_agent = [&](const std::string&,
                             const std::string& script) -> std::optional<GuestResult> {
    scripts.push_back(script);
    return std::nullopt;
  };
  settings_.boot_places = 1;
  ASSERT_TRUE(run_up(lab_).ok());
  std::erase_if(scripts, [](const auto& script) { return script.find("/become ") == script.npos; });
  ASSERT_EQ(scripts.size(), 2U);
  const auto boot_id = [](const std::string& script) {
    const auto after_uuid = script.find(' ', script.find("/become ") + 8) + 1;
    return script.substr(after_uuid, script.find(' ', after_uuid) - after_uuid);
  };
  const auto random = [](const std::string& script) {
    return script.substr(script.find("/run/vmlab/random"), 160);
  };
  for (const auto* name : {"box-1", "box-2"}) {
    const auto& node = lab_.node(name);
    const auto own = std::ranges::find_if(scripts, [&](const std::string& script) {
      return script.find("/become " + node.uuid) != std::string::npos;
    });
    ASSERT_NE(own, scripts.end()) << name;
    EXPECT_NE(own->find(machine_id(node)), std::string::npos) << name;
  }
  EXPECT_EQ(boot_id(scripts.front()).size(), 36U);
  EXPECT_EQ(boot_id(scripts.front())[14], '4');
  EXPECT_NE(boot_id(scripts.front()), boot_id(scripts.back()));
  EXPECT_NE(random(scripts.front()), random(scripts.back()));
}

TEST_F(ForkFlow, ATemplateThatAnotherRunMakesIsWaitedFor) {
  able(plain_yaml);
  auto held = world_->lock(settings_.paths.lock("template-" + name_of_template()));
  class Releasing : public test::Quiet {
   public:
    explicit Releasing(std::unique_ptr<Lock>& lock) : lock_(lock) {}
    void progress(const PlannedStep& step, const std::string& text, std::uint64_t,
                  std::uint64_t) override {
      if (text.starts_with("waiting for another run")) lock_.reset();
      said.push_back(step.id + ": " + text);
    }

   private:
    std::unique_ptr<Lock>& lock_;
  } reporter(held);
  auto ports = world_->ports();
  const auto summary = up(lab_, settings_, ports, reporter, {});
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(held, nullptr);
  EXPECT_TRUE(forked("box-1"));
}

/// The power is cut before and after every effect; the next `up` must reach the same end as an
/// undisturbed one, and nothing may be left over.
TEST_F(ForkFlow, PowerCutAnywhereInUpConverges) {
  const auto& wanted = able(plain_yaml);
  const auto moments = world_->moments_of([&] { ASSERT_TRUE(run_up(wanted).ok()); });
  ASSERT_GT(moments.size(), 25U);
  const auto end = world_->snapshot();
  expect_convergence_after_power_cuts(moments, end,
                                      [this]() -> const Lab& { return able(plain_yaml); });
}

/// vmlab alone ends: what it left runs on.
TEST_F(ForkFlow, AKillAnywhereInUpConverges) {
  const auto& wanted = able(plain_yaml);
  const auto moments = world_->moments_of([&] { ASSERT_TRUE(run_up(wanted).ok()); });
  const auto end = world_->snapshot();
  expect_convergence(
      moments, end, [this](const test::FakeMoment& moment) { world_->kill_in(moment); },
      [this]() -> const Lab& { return able(plain_yaml); });
}

TEST_F(ForkFlow, PowerCutAnywhereInAResetByForkConverges) {
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  const auto again = [&] {
    auto ports = world_->ports();
    (void)reset(able(plain_yaml), {.nodes = {"box-1"}, .cold = true}, settings_, ports, reporter_,
                {});
  };
  const auto moments = world_->moments_of(again);
  ASSERT_GT(moments.size(), 10U);
  ASSERT_TRUE(run_up(able(plain_yaml)).ok());
  const auto end = world_->snapshot();
  expect_convergence_after_power_cuts(moments, end,
                                      [this]() -> const Lab& { return able(plain_yaml); });
}

/// A trouble in the middle of forks must be as safe as none.
TEST_F(ForkFlow, PowerCutAnywhereInABootInsteadOfAForkConverges) {
  able(plain_yaml);
  world_->restore_error = "Unknown savevm section";
  const auto moments = world_->moments_of([&] { ASSERT_TRUE(run_up(lab_).ok()); });
  const auto end = world_->snapshot();
  expect_convergence_after_power_cuts(moments, end,
                                      [this]() -> const Lab& { return able(plain_yaml); });
}

}  // namespace
}  // namespace vmlab

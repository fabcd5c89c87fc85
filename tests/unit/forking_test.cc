// Who is forked, from what, and what a plan says of it.
#include <gtest/gtest.h>

#include "plan/durations.h"
#include "plan/forking.h"
#include "support/flow.h"

namespace vmlab {
namespace {

constexpr auto emulator = "QEMU 7.2.22, libvirt 9.0.0";

constexpr auto mixed_yaml = R"(name: t
image: debian-12
network: {cidr: 192.168.77.0/24, domain: t.test}
nodes:
  box: {role: plain, count: 2}
  odd: {role: plain, count: 1, image: other}
)";

class Forking : public test::Flow {
 protected:
  Forking() { settings_.library.images["other"] = test::image_yaml; }

  Lab& able(const std::string& yaml) {
    (void)lab(yaml);
    lab_.images.at("debian-12").forkable = true;
    return lab_;
  }

  Observed nothing() const {
    Observed observed;
    observed.emulator = emulator;
    return observed;
  }

  std::vector<std::string> forked(const Plan& plan) const {
    std::vector<std::string> nodes;
    for (const auto& step : plan.steps) {
      if (std::holds_alternative<ForkDomain>(step.step)) nodes.push_back(step.node);
    }
    return nodes;
  }

  Plan planned(const Lab& wanted, const Observed& observed) const {
    return plan_up(wanted, observed, settings_.paths);
  }

  std::string one_box() const {
    std::string yaml = test::plain_yaml;
    return yaml.replace(yaml.find("count: 2"), 8, "count: 1");
  }
};

using Names = std::vector<std::string>;

TEST_F(Forking, ATemplateIsNamedAfterAllThatItsMemoryHangsOn) {
  const Lab& wanted = able(test::cluster_yaml);
  const Node& master = wanted.node("master-1");
  const auto name = template_name(wanted, master, emulator);
  EXPECT_EQ(name.size(), 12U);
  EXPECT_EQ(name.find_first_not_of("0123456789abcdef"), std::string::npos) << name;
  // Neither who a node is nor what it has besides.
  EXPECT_EQ(name, template_name(wanted, wanted.node("agent-1"), emulator));
  Lab named = wanted;
  named.name = "u";
  EXPECT_EQ(name, template_name(named, master, emulator));
  std::set<std::string> names = {name, template_name(wanted, master, "QEMU 8.0.0")};
  for (const auto& change : std::vector<std::function<void(Lab&, Node&)>>{
           [](Lab&, Node&node) { node.cpus = 3; }, [](Lab&, Node&node) { node.memory_mib += 1; },
           [](Lab&, Node&node) { node.disk_mib += 1; },
           [](Lab&lab, Node&) { lab.images.at("debian-12").packages.emplace_back("vim"); },
           [](Lab&lab, Node&) { lab.accelerator = Accelerator::kvm; }}) {
    Lab other = wanted;
    Node node = master;
    change(other, node);
    names.insert(template_name(other, node, emulator));
  }
  EXPECT_EQ(names.size(), 7U);
}

TEST_F(Forking, NodesAreForkedWhereTwoShareATemplate) {
  const Lab& wanted = able(test::plain_yaml);
  const auto plan = planned(wanted, nothing());
  EXPECT_EQ(forked(plan), (Names{"box-1", "box-2"}));
  const auto name = template_name(wanted, wanted.node("box-1"), emulator);
  const auto step = std::ranges::find(plan.steps, template_step(name), &PlannedStep::id);
  ASSERT_NE(step, plan.steps.end());
  EXPECT_EQ(step->title, "make a template of debian-12, 2 cpus, 8 GiB");
  EXPECT_EQ(std::get<MakeTemplate>(step->step).domain, "vmlab-template-" + name);
  EXPECT_TRUE(forked(planned(able(one_box()), nothing())).empty()) << "it pays from two on";
}

TEST_F(Forking, OneNodeIsForkedFromATemplateThatIsThereOrWhenItMust) {
  Lab& wanted = able(one_box());
  auto observed = nothing();
  observed.templates.insert(template_name(wanted, wanted.nodes.front(), emulator));
  auto plan = planned(wanted, observed);
  EXPECT_EQ(forked(plan), Names{"box-1"});
  EXPECT_TRUE(std::ranges::any_of(plan.steps, [](const PlannedStep& step) {
    return step.title == "check the template of debian-12, 2 cpus, 8 GiB";
  }));
  wanted.boot = Boot::cold;
  EXPECT_TRUE(forked(planned(wanted, observed)).empty());
  wanted.boot = Boot::fork;
  EXPECT_EQ(forked(planned(wanted, nothing())), Names{"box-1"});
}

TEST_F(Forking, WhatCannotBeForkedIsBootedAndSaidWhereOthersAre) {
  Lab& wanted = able(mixed_yaml);
  const auto plan = planned(wanted, nothing());
  EXPECT_EQ(forked(plan), (Names{"box-1", "box-2"}));
  EXPECT_EQ(plan.notes, Names{"odd-1 is booted, not forked: image other cannot be forked"});
  wanted.images.at("debian-12").forkable = false;
  EXPECT_TRUE(planned(wanted, nothing()).notes.empty());
  wanted.boot = Boot::fork;
  try {
    (void)planned(wanted, nothing());
    FAIL() << "an image that cannot be forked must be named";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "cannot fork 'box-1': image debian-12 cannot be forked");
    EXPECT_EQ(error.code(), ExitCode::bad_input);
  }
}

TEST_F(Forking, DataDisksMustFindAPlaceInTheTemplate) {
  Lab& wanted = able(test::plain_yaml);
  auto& disks = wanted.nodes.front().disks;
  while (disks.size() < spare_slots - 1) {
    const auto number = std::to_string(disks.size());
    disks.push_back({"/mnt/" + number, 1024, "vmlab_" + number});
  }
  EXPECT_EQ(fork_obstacle(wanted, wanted.nodes.front()), "");
  disks.push_back({"/mnt/last", 1024, "vmlab_last"});
  EXPECT_EQ(fork_obstacle(wanted, wanted.nodes.front()),
            "a template has no place for 6 data disks");
}

TEST_F(Forking, TheTimeOfAForkIsNotThatOfABoot) {
  const auto cluster = planned(able(test::plain_yaml), nothing());
  std::set<std::string> keys;
  for (const auto& step : cluster.steps) {
    if (step.node == "box-1") keys.insert(duration_key(lab_, step));
  }
  EXPECT_TRUE(keys.contains("tcg debian-12 plain fork"));
  EXPECT_TRUE(keys.contains("tcg debian-12 plain gate/ssh forked"));
  EXPECT_TRUE(keys.contains("tcg debian-12 plain gate/cloud-init forked"));
}

TEST_F(Forking, ADiskOnATemplateIsCountedAsOfItsImage) {
  const Lab& wanted = able(one_box());
  auto observed = nothing();
  auto& seen = observed.nodes["box-1"];
  seen.disks["box-1.qcow2"].backing_file = "/state/templates/0123/disk.qcow2";
  seen.template_image = settings_.paths.prepared_image(wanted.images.at("debian-12"));
  EXPECT_TRUE(planned(wanted, observed).notes.empty());
  seen.template_image = "/state/images/older.qcow2";
  EXPECT_EQ(planned(wanted, observed).notes,
            Names{"box-1 was cloned from an older image (older.qcow2); it keeps it until it is "
                  "reset"});
}

TEST_F(Forking, ANodeThatWasCutOffBeforeItWasItselfIsMadeAnew) {
  const Lab& wanted = able(one_box());
  auto observed = nothing();
  auto& seen = observed.nodes["box-1"];
  seen.disks["box-1.qcow2"].backing_file = "/state/templates/0123/disk.qcow2";
  seen.forking = true;
  const auto plan = planned(wanted, observed);
  const auto step = [&](const std::string& id) {
    const auto found = std::ranges::find(plan.steps, id, &PlannedStep::id);
    EXPECT_NE(found, plan.steps.end()) << id;
    return found == plan.steps.end() ? PlannedStep{} : *found;
  };
  EXPECT_EQ(step("wipe/box-1").why, "it was cut off while it was forked");
  EXPECT_EQ(std::get<RemoveFiles>(step("unfork/box-1").step).path, "/state/labs/t/box-1.memory");
  // The mark goes after the disk of which it says that it is worth nothing.
  EXPECT_EQ(step("unfork/box-1").after, Names{"wipe/box-1"});
  const auto after = step("overlay/box-1").after;
  EXPECT_NE(std::ranges::find(after, "unfork/box-1"), after.end());
}

}  // namespace
}  // namespace vmlab

// What is said before anything is done: durations, forecasts, resources.
#include "run/outlook.h"

#include <gtest/gtest.h>

#include "run/space.h"
#include "support/flow.h"

namespace vmlab {
namespace {

using std::chrono::milliseconds;
using test::cluster_yaml;
using test::plain_yaml;
using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1048576;

PlannedStep step(const std::string& id, const std::string& node, std::vector<std::string> after,
                 Pool pool = Pool::none) {
  PlannedStep step;
  step.id = id;
  step.node = node;
  step.after = std::move(after);
  step.pool = pool;
  step.step = StartDomain{};
  return step;
}

Lab two_nodes() {
  Lab lab;
  lab.accelerator = Accelerator::tcg;
  for (const char* name : {"a-1", "a-2"}) {
    Node node;
    node.name = name;
    node.image = "debian-12";
    lab.nodes.push_back(node);
  }
  return lab;
}

TEST(Durations, TypicalIsTheMedianOfTheLastNine) {
  Durations durations;
  EXPECT_EQ(durations.typical("start"), std::nullopt);
  for (const auto took : {10ms, 9000ms, 20ms}) durations.add("start", took);
  EXPECT_EQ(durations.typical("start"), 20ms);
  for (int again = 0; again < 9; ++again) durations.add("start", 7ms);
  EXPECT_EQ(durations.typical("start"), 7ms);
  EXPECT_EQ(durations.text(), "start\t7 7 7 7 7 7 7 7 7\n");
}

TEST(Durations, OfATemplateAreThoseOfItsImageMadeOrChecked) {
  auto lab = two_nodes();
  auto making = step("template/0123456789ab", "", {});
  making.step.emplace<MakeTemplate>().note.image = "debian-12";
  auto of_another_size = making;
  of_another_size.id = "template/ba9876543210";
  EXPECT_EQ(duration_key(lab, making), duration_key(lab, of_another_size));
  auto of_another_image = making;
  std::get<MakeTemplate>(of_another_image.step).note.image = "own";
  EXPECT_NE(duration_key(lab, making), duration_key(lab, of_another_image));
  auto checking = making;
  std::get<MakeTemplate>(checking.step).there = true;
  EXPECT_NE(duration_key(lab, making), duration_key(lab, checking));
}

TEST(Durations, ReadBackWhatIsWrittenAndPassOverTheRest) {
  Durations durations;
  durations.add("tcg debian-12 plain start", 1500ms);
  durations.add("tcg debian-12 plain start", 1700ms);
  durations.add("a\tb", 1ms);
  EXPECT_EQ(Durations::parse(durations.text()).text(), durations.text());
  EXPECT_EQ(Durations::parse("garbage\n\t12\nx\t1 two -3 99999999999999999999 4\n").text(),
            "x\t1 4\n");
}

TEST(Durations, NodesOfOneImageAndRoleForetellEachOther) {
  auto lab = two_nodes();
  const auto key = duration_key(lab, step("start/a-1", "a-1", {}));
  EXPECT_EQ(key, "tcg debian-12 plain start");
  EXPECT_EQ(key, duration_key(lab, step("start/a-2", "a-2", {})));
  EXPECT_EQ(duration_key(lab, step("prepare-image/debian-12", "", {})),
            "tcg lab prepare-image/debian-12");
  lab.nodes[1].role = Role::master;
  EXPECT_NE(key, duration_key(lab, step("start/a-2", "a-2", {})));
  lab.accelerator = Accelerator::kvm;
  EXPECT_NE(key, duration_key(lab, step("start/a-1", "a-1", {})));
}

TEST(Durations, APracticeInstallForetellsNoRealOne) {
  auto lab = two_nodes();
  lab.dcos.emplace();
  const auto install = step("dcos/install/a-1", "a-1", {});
  const auto real = duration_key(lab, install);
  lab.dcos->release.practice = true;
  EXPECT_NE(real, duration_key(lab, install));
}

TEST(Forecast, StepsOverlapAsFarAsOrderAndPlacesAllow) {
  const auto lab = two_nodes();
  Plan plan;
  plan.steps = {step("network", "", {}), step("boot/a-1", "a-1", {"network"}, Pool::boot),
                step("boot/a-2", "a-2", {"network"}, Pool::boot),
                step("wait/a-1", "a-1", {"boot/a-1"}), step("wait/a-2", "a-2", {"boot/a-2"})};
  Durations durations;
  durations.add("tcg lab network", 1s);
  durations.add("tcg debian-12 plain boot", 10s);
  const auto together = forecast(lab, plan, {}, durations);
  EXPECT_EQ(together.takes, 11s);
  EXPECT_EQ(together.known, 3U);
  EXPECT_EQ(together.unknown, 2U);
  EXPECT_EQ(together.steps.at("boot/a-2"), 10s);
  EXPECT_FALSE(together.steps.contains("wait/a-1"));
  EXPECT_EQ(forecast(lab, plan, {{Pool::boot, 1}}, durations).takes, 21s);
  EXPECT_EQ(forecast(lab, {}, {}, durations).takes, 0s);
}

TEST(Resources, CountWhatRunsAndWhatIsWrittenAlready) {
  auto lab = two_nodes();
  lab.nodes[0].cpus = 2;
  lab.nodes[1].cpus = 4;
  lab.nodes[0].memory_mib = lab.nodes[1].memory_mib = 2048;
  lab.nodes[0].disk_mib = lab.nodes[1].disk_mib = 1024;
  lab.nodes[1].disks = {{"/data", 512, "data"}};
  Observed observed;
  auto& seen = observed.nodes["a-1"];
  seen.domain = DomainInfo{.name = "t-a-1", .uuid = "", .state = DomainState::running, .label = {}};
  seen.disks["a-1.qcow2"].allocated_bytes = 24 * mib;
  const auto resources = resources_of(lab, observed, {});
  EXPECT_EQ(resources.nodes, 2U);
  EXPECT_EQ(resources.starting, 1U);
  EXPECT_EQ(resources.cpus_needed, 6U);
  EXPECT_EQ(resources.memory_needed_mib, 4096U);
  EXPECT_EQ(resources.memory_starting_mib, 2048U);
  EXPECT_EQ(resources.disk_full_bytes, (1000 + 1024 + 512) * mib);
}

TEST(Resources, CountATemplateWhileItIsMade) {
  auto lab = two_nodes();
  lab.nodes[0].memory_mib = lab.nodes[1].memory_mib = 2048;
  Plan plan;
  plan.steps = {step("template/t", "", {}), step("fork/a-1", "a-1", {"template/t"}),
                step("fork/a-2", "a-2", {"template/t"})};
  auto& made = plan.steps[0].step.emplace<MakeTemplate>();
  made.name = "t";
  made.note.memory_mib = 2048;
  for (auto i : {1U, 2U}) {
    auto& fork = plan.steps[i].step.emplace<ForkDomain>();
    fork.node = plan.steps[i].node;
    fork.from = "t";
  }
  const auto memory = [&](const Observed& observed) {
    const auto r = resources_of(lab, observed, plan);
    return std::vector{r.memory_needed_mib, r.memory_starting_mib, r.memory_templates_mib};
  };
  // Nodes that wait for it take their memory when it has given its own back.
  EXPECT_EQ(memory({}), (std::vector<std::uint64_t>{4096, 4096, 2048}));
  // Nodes that run, and are made anew from it, run on until it is there.
  Observed running;
  for (const auto* name : {"a-1", "a-2"}) {
    running.nodes[name].domain =
        DomainInfo{.name = name, .uuid = "", .state = DomainState::running, .label = {}};
  }
  EXPECT_EQ(memory(running), (std::vector<std::uint64_t>{6144, 2048, 2048}));
  running.nodes.erase("a-2");
  EXPECT_EQ(memory(running), (std::vector<std::uint64_t>{4096, 2048, 2048}));
  // Another one's nodes do not wait for it.
  made.note.memory_mib = 1024;
  std::get<ForkDomain>(plan.steps[1].step).from = "other";
  std::get<ForkDomain>(plan.steps[2].step).from = "other";
  EXPECT_EQ(memory({}), (std::vector<std::uint64_t>{5120, 5120, 1024}));
  // One that is there takes none.
  std::get<MakeTemplate>(plan.steps[0].step).there = true;
  EXPECT_EQ(memory({}), (std::vector<std::uint64_t>{4096, 4096, 0}));
}

TEST(Resources, SpaceIsForATemplateItsMemoryWhileItShrinksAndACopyOfIt) {
  Plan plan;
  EXPECT_EQ(space_needed(plan), 0U);
  plan.steps = {step("fork/a-1", "a-1", {})};
  plan.steps[0].step.emplace<ForkDomain>();
  const auto one_fork = space_needed(plan);
  EXPECT_EQ(one_fork, (256 + 768) * mib);
  plan.steps.push_back(plan.steps[0]);
  EXPECT_EQ(space_needed(plan), one_fork + 256 * mib) << "copies go as nodes come";
  plan.steps.push_back(step("template/t", "", {}));
  plan.steps[2].step.emplace<MakeTemplate>();
  EXPECT_EQ(space_needed(plan), one_fork + (256 + 256 + 2 * 768) * mib);
  std::get<MakeTemplate>(plan.steps[2].step).there = true;
  EXPECT_EQ(space_needed(plan), one_fork + 256 * mib);
}

TEST(Resources, OverCommitIsSaidOfWhatItIs) {
  Resources fits{.nodes = 1,
                 .starting = 1,
                 .cpus_needed = 2,
                 .cpus_there = 2,
                 .memory_needed_mib = 1024,
                 .memory_starting_mib = 1024,
                 .memory_there_mib = 2048,
                 .memory_free_mib = 1024,
                 .disk_soon_bytes = 1,
                 .disk_full_bytes = 2,
                 .disk_free_bytes = 2};
  EXPECT_TRUE(overcommitted(fits).empty());
  const auto only = [&](auto change) {
    auto resources = fits;
    change(resources);
    const auto said = overcommitted(resources);
    return said.size() == 1 ? said.front() : std::to_string(said.size());
  };
  EXPECT_EQ(only([](auto& r) { r.memory_free_mib = 512; }),
            "memory is over-committed: the nodes to start may use 1.0 GiB, and 512 MiB of the "
            "host's 2.0 GiB is free");
  EXPECT_EQ(only([](auto& r) { r.memory_needed_mib = 4096; }),
            "memory is over-committed: the nodes may use 4.0 GiB, and the host has 2.0 GiB; when "
            "they use it, the host swaps or ends one of them");
  EXPECT_EQ(only([](auto& r) { r.cpus_needed = 5; }),
            "cores are over-committed: 5 virtual cpus share 2 cores, 2.5 on each");
  EXPECT_EQ(only([](auto& r) { r.disk_full_bytes = 3 * mib; }),
            "the disk is over-committed: the nodes' disks may grow by 3 MiB, and 2 B is free");
  EXPECT_EQ(only([](auto& r) { r.disk_soon_bytes = r.disk_full_bytes = 3 * mib; }),
            "the disk is too small: at least 3 MiB is written soon, and 2 B is free");
}

using Outlooks = test::Flow;

TEST_F(Outlooks, ALabThatIsGoneForetellsTheNext) {
  auto wanted = lab(cluster_yaml);
  auto ports = world_->ports();
  const auto before = look_ahead(wanted, settings_, ports, {});
  EXPECT_EQ(before.forecast.known, 0U);
  EXPECT_EQ(before.forecast.unknown, before.plan.steps.size());
  EXPECT_EQ(before.resources.starting, 6U);
  EXPECT_EQ(before.resources.memory_there_mib, 24U * 1024);
  EXPECT_GT(before.resources.disk_soon_bytes, 0U);
  EXPECT_EQ(before.resources.disk_free_bytes, world_->free_space);
  const auto summary = run_up(wanted);
  ASSERT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(look_ahead(wanted, settings_, ports, {}).resources.starting, 0U);
  ASSERT_TRUE(run_down().ok());
  const auto after = look_ahead(wanted, settings_, ports, {});
  EXPECT_EQ(after.forecast.unknown, 0U);
  // A node needs 30 s until it answers and 60 s until cloud-init is through.
  EXPECT_GE(after.forecast.takes, 60s);
  EXPECT_LE(after.forecast.takes, 2 * summary.took);
}

TEST_F(Outlooks, AFailedStepForetellsNothing) {
  world_->cloud_init_error = "boom";
  const auto wanted = lab(plain_yaml);
  ASSERT_FALSE(run_up(wanted).ok());
  const auto durations = Durations::parse(world_->files.at("/state/durations"));
  EXPECT_EQ(world_->files.at("/state/durations").find("gate/cloud-init"), std::string::npos);
  EXPECT_FALSE(durations.empty());
}

}  // namespace
}  // namespace vmlab

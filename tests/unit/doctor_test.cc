// Whether a host is fit: verdicts by values, and what is looked at.
#include "run/doctor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/output_doctor.h"
#include "cli/output_tables.h"
#include "support/commands_fixture.h"
#include "support/flow.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using test::expect_golden;
using test::plain_yaml;
using Is = Finding::Verdict;

Cidr cidr(const char* text) {
  return *parse_cidr(text);
}

NetworkInfo network(const std::string& name, const char* range, const std::string& lab = {}) {
  NetworkInfo info;
  info.name = name;
  info.bridge = "br-" + name;
  info.active = true;
  info.cidrs = {cidr(range)};
  if (!lab.empty()) info.label = Label{.lab = lab, .node = "", .hash = ""};
  return info;
}

/// A host that has all.
HostFacts fit() {
  HostFacts facts;
  facts.programs = {"/usr/sbin/libvirtd", "/usr/bin/setfacl", "/usr/bin/supermin",
                    "/usr/sbin/chronyd"};
  facts.uri = "qemu:///system";
  facts.state_directory = "/var/lib/vmlab";
  facts.hypervisor = HypervisorInfo{.uri = "qemu:///system",
                                    .libvirt_version = "9.0.0",
                                    .qemu_version = "7.2.22",
                                    .emulator = "/usr/bin/qemu-system-x86_64",
                                    .cpus = 8,
                                    .memory_mib = 32768,
                                    .memory_free_mib = 16384};
  facts.accelerator = Accelerator::kvm;
  facts.kvm_device = true;
  facts.kvm_module = "kvm_amd";
  facts.modules = {{"bridge", ModuleState::there}, {"nf_nat", ModuleState::there}};
  facts.networks = {network("default", "192.168.122.0/24"), network("t", "10.77.0.0/24", "t")};
  facts.bridges = {{"br-default", BridgeState::up}, {"br-t", BridgeState::up}};
  facts.routes = {cidr("10.0.0.0/8"), cidr("10.77.0.0/24"), cidr("192.168.122.0/24")};
  facts.qemu_uid = 64055;
  facts.qemu_gids = {64055, 104};
  facts.image_path = {
      {"/", 0755, 0, 0, {}}, {"/var", 0755, 0, 0, {}}, {"/var/lib/vmlab", 0711, 0, 0, {}}};
  facts.free_bytes = 100ULL << 30U;
  facts.kernels = {"vmlinuz-6.1.0"};
  facts.appliance_works = true;
  return facts;
}

/// The finding of a check on a host that differs from a fit one.
Finding check(const std::string& name, const std::function<void(HostFacts&)>& change) {
  auto facts = fit();
  change(facts);
  const auto findings = diagnose(facts);
  const auto found = std::ranges::find(findings, name, &Finding::check);
  return found == findings.end() ? Finding{} : *found;
}

TEST(Doctor, AFitHostHasNothingToMend) {
  for (const auto& finding : diagnose(fit())) {
    EXPECT_EQ(finding.verdict, Is::good) << finding.check << ": " << finding.says;
    EXPECT_EQ(finding.mend, "") << finding.check;
  }
  EXPECT_EQ(diagnose(fit()).size(), 11U);
}

TEST(Doctor, EveryFailureAndWarningHasItsCommand) {
  using Change = std::pair<const char*, std::function<void(HostFacts&)>>;
  const auto down = [](HostFacts& f) {
    f.hypervisor.reset();
    f.hypervisor_error = "cannot connect to libvirt at 'qemu:///system': Connection refused";
  };
  const auto no_kvm = [](HostFacts& f) {
    f.accelerator = Accelerator::tcg;
    f.kvm_device = false;
  };
  const std::vector<Change> changes = {
      {"libvirt", down},
      {"libvirt", [&](auto& f) { down(f), f.systemd = false; }},
      {"libvirt", [&](auto& f) { down(f), f.programs = {}; }},
      {"libvirt", [&](auto& f) { down(f), f.programs = {}, f.apt = f.root = false; }},
      {"libvirt", [&](auto& f) { down(f), f.programs = {"/usr/sbin/virtqemud"}; }},
      {"libvirt",
       [&](auto& f) { down(f), f.programs = {"/usr/sbin/virtqemud"}, f.systemd = f.root = false; }},
      {"libvirt",
       [&](auto& f) { down(f), f.root = false, f.hypervisor_error = "Permission denied"; }},
      {"libvirt",
       [&](auto& f) {
         down(f), f.root = false, f.hypervisor_error = "Unable to get system bus connection";
       }},
      {"libvirt", [&](auto& f) { down(f), f.uri = "qemu+ssh://far/system"; }},
      {"libvirt", [](auto& f) { f.hypervisor->libvirt_version = "6.10.0"; }},
      {"accelerator", no_kvm},
      {"accelerator", [&](auto& f) { no_kvm(f), f.kvm_module = ""; }},
      {"accelerator", [&](auto& f) { no_kvm(f), f.wanted = Accelerator::kvm; }},
      {"accelerator", [](auto& f) { f.accelerator = Accelerator::tcg; }},
      {"accelerator",
       [](auto& f) { f.accelerator = Accelerator::tcg, f.wanted = Accelerator::kvm; }},
      {"modules", [](auto& f) { f.tun_device = false; }},
      {"modules", [](auto& f) { f.modules["nf_nat"] = ModuleState::loadable; }},
      {"modules", [](auto& f) { f.modules["nf_nat"] = ModuleState::missing; }},
      {"bridge", [](auto& f) { f.bridges["br-t"] = BridgeState::missing; }},
      {"bridge", [](auto& f) { f.bridges["br-t"] = BridgeState::down, f.root = false; }},
      {"subnets", [](auto& f) { f.networks.push_back(network("x y", "10.77.0.0/16")); }},
      {"subnets", [](auto& f) { f.routes.push_back(cidr("10.77.0.128/25")); }},
      {"permissions", [](auto& f) { f.image_path[2].mode = 0700; }},
      {"permissions", [](auto& f) { f.image_path[2].mode = 0750; }},
      {"permissions",
       [](auto& f) { f.image_path[2].mode = 0700, f.programs = {}, f.root = false; }},
      {"apparmor", [](auto& f) { f.apparmor = true, f.apparmor_helper = false; }},
      {"space", [](auto& f) { f.free_bytes = 1ULL << 30U; }},
      {"space", [](auto& f) { f.free_bytes = 5ULL << 30U; }},
      {"space",
       [](auto& f) {
         f.wants = Resources{};
         f.wants->disk_full_bytes = 200ULL << 30U;
       }},
      {"space", [](auto& f) { f.state_error = "cannot make it", f.root = false; }},
      {"memory", [](auto& f) { f.hypervisor->memory_free_mib = 512; }},
      {"memory", [](auto& f) { f.hypervisor->memory_free_mib = 4096; }},
      {"memory",
       [](auto& f) {
         f.wants = Resources{};
         f.wants->memory_starting_mib = 20000;
       }},
      {"appliance",
       [](auto& f) { f.appliance_works = false, f.appliance_error = "cannot start it"; }},
      {"appliance", [](auto& f) { f.appliance_works.reset(), f.kernels = {}; }},
      {"appliance", [](auto& f) { f.appliance_works = false, f.programs = {}; }},
      {"appliance", [](auto& f) { f.appliance_works.reset(), f.kernel_readable = false; }},
      {"clock", [](auto& f) { f.clock_synchronised = false; }},
      {"clock", [](auto& f) { f.clock_synchronised = false, f.programs = {}; }},
      {"clock", [](auto& f) { f.clock_synchronised = f.systemd = false; }},
  };
  std::vector<Finding> findings;
  for (const auto& [name, change] : changes) {
    findings.push_back(check(name, change));
    EXPECT_NE(findings.back().mend, "") << name << ": " << findings.back().says;
  }
  expect_golden("cli/doctor.txt", render_findings(findings, {}) + render_findings({}, {}));
  expect_golden("cli/doctor.json", dump(findings_json(diagnose(fit()))));
  EXPECT_TRUE(all_good(diagnose(fit())));
  EXPECT_FALSE(all_good(findings));
}

TEST(Doctor, WhatCouldNotBeLookedAtIsNoFailure) {
  const auto verdict = [](const char* name, auto change) { return check(name, change).verdict; };
  EXPECT_EQ(verdict("accelerator", [](auto& f) { f.accelerator.reset(); }), Is::skipped);
  EXPECT_EQ(verdict("appliance", [](auto& f) { f.appliance_works.reset(); }), Is::skipped);
  EXPECT_EQ(verdict("modules", [](auto& f) { f.modules["bridge"] = ModuleState::unknown; }),
            Is::skipped);
  EXPECT_EQ(verdict("permissions", [](auto& f) { f.qemu_uid.reset(); }), Is::skipped);
  for (const char* name : {"bridge", "subnets", "memory"}) {
    EXPECT_EQ(verdict(name, [](auto& f) { f.hypervisor.reset(); }), Is::skipped) << name;
  }
}

TEST(Doctor, EmulationThatWasChosenIsNoWarning) {
  const auto finding =
      check("accelerator", [](auto& f) { f.wanted = f.accelerator.emplace(Accelerator::tcg); });
  EXPECT_EQ(finding.verdict, Is::good);
}

TEST(Doctor, OthersNetworksDoNotKeepALabFromRunning) {
  const auto foreign = [](HostFacts& f) {
    f.networks.push_back(network("theirs", "192.168.122.0/25"));
    f.bridges["br-theirs"] = BridgeState::missing;
  };
  for (const char* name : {"bridge", "subnets"}) {
    EXPECT_EQ(check(name, foreign).verdict, Is::failed) << name;
    EXPECT_EQ(check(name, [&](auto& f) { foreign(f), f.lab = "t"; }).verdict, Is::good) << name;
  }
  EXPECT_EQ(check("bridge", [](auto& f) { f.bridges["br-t"] = BridgeState::missing, f.lab = "t"; })
                .verdict,
            Is::failed);
}

TEST(Doctor, AQemuThatOwnsOrSharesADirectoryMayPass) {
  const auto piece = [](unsigned mode, unsigned owner, unsigned group) {
    return check("permissions",
                 [=](auto& f) {
                   f.image_path[2] = {"/x", mode, owner, group, {}};
                 })
        .verdict;
  };
  EXPECT_EQ(piece(0700, 64055, 0), Is::good);
  EXPECT_EQ(piece(0710, 0, 104), Is::good);
  EXPECT_EQ(piece(0711, 64055, 0), Is::good);
  EXPECT_EQ(piece(0611, 64055, 0), Is::failed) << "the owner's bits alone count for the owner";
  EXPECT_EQ(piece(0701, 0, 104), Is::failed);
  EXPECT_EQ(check("permissions",
                  [](auto& f) {
                    f.image_path[2] = {"/x", 0710, 0, 0, {7, 64055}};
                  })
                .verdict,
            Is::good);
  EXPECT_EQ(piece(0710, 0, 0), Is::warning) << "the group's bits may be an access list's mask";
  EXPECT_EQ(check("permissions",
                  [](auto& f) {
                    f.qemu_uid = 0, f.image_path[2] = {"/x", 0700, 7, 7, {}};
                  })
                .verdict,
            Is::good);
}

class Examine : public test::Flow {
 protected:
  void SetUp() override {
    auto& files = world_->files;
    files["/proc/self/status"] = "Name:\tvmlab\nUid:\t1000\t1000\t1000\t1000\n";
    files["/etc/passwd"] = "root:x:0:0::/:/bin/sh\nlibvirt-qemu:x:64055:104::/:/bin/false\n";
    files["/etc/group"] = "kvm:x:108:libvirt-qemu\nvm:x:9:\n";
    files["/etc/libvirt/qemu.conf"] =
        "#user = \"root\"\ngroup = \"vm\"\nsecurity_driver = \"none\"\n";
    files["/proc/cpuinfo"] = "vendor_id : x\nflags : fpu vmx sse\nflags : fpu\n";
    files["/proc/sys/kernel/osrelease"] = "6.1.0-1\n";
    files["/lib/modules/6.1.0-1/modules.dep"] = "kernel/net/bridge/bridge.ko: a.ko\n";
    files["/lib/modules/6.1.0-1/modules.builtin"] = "kernel/net/tun.ko\n";
    files["/proc/kallsyms"] = "ffff T nf_nat_register_fn\n";
    files["/boot/vmlinuz-6.1.0-1"] = "x";
    files["/sys/module/apparmor/parameters/enabled"] = "Y\n";
    files["/usr/sbin/libvirtd"] = "";
    files["/usr/bin/supermin"] = "";
  }
  HostFacts look(Depth depth, const Lab* lab = nullptr) {
    auto ports = world_->ports();
    return examine(lab, depth, settings_, ports, {});
  }
};

TEST_F(Examine, LooksAtTheHost) {
  const auto facts = look(Depth::full);
  EXPECT_FALSE(facts.root);
  EXPECT_FALSE(facts.systemd);
  EXPECT_EQ(facts.qemu_user, "libvirt-qemu");
  EXPECT_EQ(facts.qemu_uid, 64055U);
  EXPECT_EQ(facts.qemu_gids, (std::set<unsigned>{104, 108, 9}));
  EXPECT_EQ(facts.kvm_module, "kvm_intel");
  EXPECT_EQ(facts.modules.at("bridge"), ModuleState::loadable);
  EXPECT_EQ(facts.modules.at("nf_nat"), ModuleState::there) << "a kernel that has it built in";
  EXPECT_TRUE(facts.tun_device);
  EXPECT_TRUE(facts.apparmor);
  EXPECT_FALSE(facts.apparmor_driver);
  EXPECT_TRUE(facts.kernel_readable);
  EXPECT_EQ(facts.appliance_works, true);
  EXPECT_TRUE(facts.accelerator);
  EXPECT_EQ(facts.programs, (std::set<std::string>{"/usr/sbin/libvirtd", "/usr/bin/supermin"}));
  EXPECT_EQ(facts.free_bytes, world_->free_space);
  for (const auto& [path, disk] : world_->disk_files) {
    EXPECT_EQ(path.find("scratch"), std::string::npos) << "what was tried is gone";
  }
}

TEST_F(Examine, AnApplianceThatDoesNotStartIsToldInItsOwnWords) {
  world_->appliance_error = "cannot start libguestfs's appliance: no kernel";
  const auto facts = look(Depth::full);
  EXPECT_EQ(facts.appliance_works, false);
  EXPECT_EQ(facts.appliance_error, world_->appliance_error);
}

TEST_F(Examine, AQuickLookChangesNothing) {
  world_->cut_power_at(0, false);
  const auto facts = look(Depth::quick);
  EXPECT_EQ(world_->effects(), std::vector<std::string>{});
  EXPECT_EQ(facts.accelerator, std::nullopt);
  EXPECT_EQ(facts.appliance_works, std::nullopt);
}

TEST_F(Examine, ABridgeThatIsDownIsSeen) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  const auto bridge = world_->networks_by_name.begin()->second.bridge;
  world_->files["/sys/class/net/" + bridge + "/flags"] = "0x1002\n";
  EXPECT_EQ(look(Depth::quick).bridges.at(bridge), BridgeState::down);
  world_->files["/sys/class/net/" + bridge + "/flags"] = "0x1003\n";
  EXPECT_EQ(look(Depth::quick).bridges.at(bridge), BridgeState::up);
  settings_.uri = "qemu+ssh://far/system";
  EXPECT_TRUE(look(Depth::quick).bridges.empty()) << "they are another host's";
}

TEST_F(Examine, ARunIsRefusedWithTheCommandThatMends) {
  auto ports = world_->ports();
  require_host("t", settings_, ports, {});
  world_->files["/etc/libvirt/qemu.conf"] = "";  // AppArmor is in force, and has no helper
  try {
    require_host("t", settings_, ports, {});
    FAIL() << "nothing was said";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(),
              "cannot bring lab 't' up: virt-aa-helper is missing: QEMU would be "
              "kept from its own disks");
    EXPECT_EQ(error.hint(), "`sudo dnf install -y libvirt`");
  }
}

TEST_F(Examine, AFullDiskIsLeftToWhatNeedsIt) {
  auto ports = world_->ports();
  world_->free_space = 0;
  EXPECT_NO_THROW(require_host("t", settings_, ports, {}));
}

TEST_F(Examine, TheLabsWishesAreCounted) {
  const auto facts = look(Depth::quick, &lab(test::cluster_yaml));
  ASSERT_TRUE(facts.wants);
  EXPECT_EQ(facts.wants->starting, 6U);
}

using DoctorCommand = test::CommandsFixture;

TEST_F(DoctorCommand, FailsByWhatIsMissing) {
  world_.appliance_error = "no kernel";
  EXPECT_EQ(run({"doctor"}), ExitCode::failed);
  EXPECT_NE(out_.find("no kernel"), std::string::npos) << out_;
  // Which does not start it.
  EXPECT_EQ(run({"doctor", "--quick"}), ExitCode::done) << out_;
  EXPECT_EQ(run({"doctor", "/topologies/small.yaml", "--quick", "--json"}), ExitCode::done);
  EXPECT_TRUE(nlohmann::json::parse(out_)["ok"]);
  EXPECT_EQ(run({"doctor", "/topologies/none.yaml"}), ExitCode::bad_input);
}

}  // namespace
}  // namespace vmlab

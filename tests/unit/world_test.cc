// The real ports, made when they are first used, and what is told of them.
#include "cli/world.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/fake_world.h"

namespace vmlab {
namespace {

class Worlds : public testing::Test {
 protected:
  PortMakers makers() {
    return {.hypervisor = [] { return std::make_unique<test::FakeWorld>(); },
            .images =
                [this](bool) {
                  ++images_made_;
                  return std::make_unique<test::FakeWorld>();
                },
            .guests = [] { return std::make_unique<test::FakeWorld>(); },
            .system = [] { return std::make_unique<test::FakeWorld>(); }};
  }
  World world(const Trace& trace = {}) {
    return {makers(),
            [this](Ports&) {
              ++times_asked_;
              return true;
            },
            trace};
  }
  int images_made_ = 0;
  int times_asked_ = 0;  // for an accelerator, which may take a trial kernel's half minute
};

// `gc` took what `up` had made in `/srv/labs/` for another's.
TEST_F(Worlds, AStateDirectoryIsTheSameHoweverItIsWritten) {
  for (const auto* written : {"/srv/labs", "/srv/labs/", "/srv//x/../labs/", "/srv/./labs"}) {
    EXPECT_EQ(state_directory(written), "/srv/labs") << written;
  }
  EXPECT_EQ(state_directory("/"), "/");
}

// A data disk is made by mke2fs, and yet it waited for a trial kernel.
TEST_F(Worlds, OnlyWhatBootsAnApplianceAsksForAnAccelerator) {
  auto lab = world();
  auto& images = lab.ports().images;
  images.disk("/d");
  images.create_data_disk("/data", 1, "data", {});
  images.create_overlay("/overlay", "/data", "qcow2", 1);
  images.create_seed("/seed", {});
  EXPECT_EQ(times_asked_, 0);
  EXPECT_EQ(images_made_, 1);
  images.prove_appliance("/scratch", {});
  images.prove_appliance("/scratch", {});
  EXPECT_EQ(times_asked_, 1);
  EXPECT_EQ(images_made_, 2);
}

// Some were left out, though the help says `each call to libvirt`.
TEST_F(Worlds, EachCallToLibvirtIsTold) {
  std::vector<std::string> told;
  auto lab =
      world([&](const std::string& line) { told.push_back(line.substr(0, line.find(": ", 9))); });
  auto& hypervisor = lab.ports().hypervisor;
  const auto call = [&](const std::function<void()>& it) {
    const auto before = told.size();
    try {
      it();
    } catch (const std::exception&) {  // this world is empty; what is told is told all the same
    }
    EXPECT_EQ(told.size(), before + 1);
  };
  call([&] { hypervisor.info(); });
  call([&] { hypervisor.domains(); });
  call([&] { hypervisor.networks(); });
  call([&] { hypervisor.domain("d"); });
  call([&] { hypervisor.define_network("<network/>"); });
  call([&] { hypervisor.start_network("n"); });
  call([&] { hypervisor.set_dns_hosts("n", {}); });
  call([&] { hypervisor.remove_network("n"); });
  call([&] { hypervisor.define_domain("<domain/>"); });
  call([&] { hypervisor.start_domain("d"); });
  call([&] { hypervisor.stop_domain("d"); });
  call([&] { hypervisor.remove_domain("d"); });
  call([&] { hypervisor.pause_domain("d"); });
  call([&] { hypervisor.set_clock("d", {}); });
  call([&] { hypervisor.snapshots("d"); });
  call([&] { hypervisor.save_snapshot("d", {}); });
  call([&] { hypervisor.revert_snapshot("d", "s"); });
  call([&] { hypervisor.remove_snapshot("d", "s"); });
  call([&] { hypervisor.forget_snapshots("d"); });
  call([&] { hypervisor.open_console("d", false, {}); });
  call([&] { hypervisor.save_domain("d", "/f"); });
  call([&] { hypervisor.restore_domain("/f"); });
  call([&] { hypervisor.attach_device("d", "<disk/>"); });
  call([&] { hypervisor.run_by_agent("d", {}, {}); });
  call([&] { hypervisor.resident_kib("d"); });
  call([&] { hypervisor.prove_kvm("/s", {}); });
  EXPECT_EQ(told[3], "libvirt: domain d");
  EXPECT_EQ(told[14], "libvirt: snapshots of d");
  EXPECT_EQ(told.back(), "libvirt: prove KVM");
}

}  // namespace
}  // namespace vmlab

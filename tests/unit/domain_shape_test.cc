// What of a domain's definition is compared with the topology.
#include "lab/domain_shape.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vmlab {
namespace {

DomainShape two_disks() {
  return {.cpus = 2,
          .memory_mib = 8192,
          .files = {"/l/a.qcow2", "/l/a-seed.iso"},
          .interfaces = {{"52:54:00:00:00:01", "t"}}};
}

TEST(DomainShape, IsReadFromWhatLibvirtMakesOfADefinition) {
  EXPECT_EQ(read_domain_shape(R"(<domain type='qemu' id='1'>
  <memory unit='KiB'>8388608</memory><currentMemory unit='KiB'>1</currentMemory>
  <vcpu placement='static'>2</vcpu>
  <devices>
    <disk type='file' device='disk'><source file='/l/a.qcow2' index='2'/></disk>
    <disk type='file' device='disk'><source file='/l/a-seed.iso'/></disk>
    <disk type='file' device='cdrom'/>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='t'/></interface>
  </devices></domain>)"),
            two_disks());
  EXPECT_EQ(read_domain_shape("<domain><memory unit='MiB'>8192</memory></domain>").memory_mib,
            8192U);
  EXPECT_EQ(read_domain_shape("<domain><memory>1048576</memory></domain>").memory_mib, 1024U);
  EXPECT_THROW(read_domain_shape("<domain>"), Error);
}

TEST(DomainShape, EveryDifferenceIsNamed) {
  EXPECT_EQ(differences(two_disks(), two_disks()), std::vector<std::string>{});
  auto found = two_disks();
  found.cpus = 4;
  found.memory_mib = 1024;
  found.files = {"/l/a.qcow2", "/l/other.qcow2"};
  found.interfaces = {{"52:54:00:00:00:02", "u"}};
  EXPECT_EQ(differences(two_disks(), found),
            (std::vector<std::string>{"4 CPUs, not 2", "1 GiB of memory, not 8 GiB",
                                      "without disk '/l/a-seed.iso'", "with disk '/l/other.qcow2'",
                                      "interfaces 52:54:00:00:00:02 in network 'u'"}));
  found.interfaces = {};
  EXPECT_EQ(differences(two_disks(), found).back(), "without network interface");
}

}  // namespace
}  // namespace vmlab

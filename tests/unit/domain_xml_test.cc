#include "lab/domain_xml.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using test::expect_golden;

DomainFiles files_of(const Node& node) {
  const std::string directory = "/var/lib/vmlab/labs/quickstart/" + node.name;
  DomainFiles files{directory + ".qcow2", {}, directory + "-seed.iso", directory + ".log"};
  for (const auto& disk : node.disks) {
    files.data_disks.emplace_back(directory + "-" + disk.label + ".qcow2");
  }
  return files;
}

Lab lab_with(Accelerator accelerator) {
  auto lab = test::quickstart();
  lab.accelerator = accelerator;
  return lab;
}

TEST(DomainXml, DescribesAnEmulatedMaster) {
  const auto lab = lab_with(Accelerator::tcg);
  const auto& node = lab.node("master-1");
  expect_golden("lab/domain-master-1-tcg.xml", domain_xml(lab, node, files_of(node)).xml);
}

TEST(DomainXml, DescribesAnAgentWithDataDisksUnderKvm) {
  auto lab = lab_with(Accelerator::kvm);
  auto node = lab.node("agent-1");
  node.disks = {{"/var/lib/docker", 1024, "docker_aaaaaa"},
                {"/var/lib/mesos", 2048, "mesos_bbbbbb"}};
  expect_golden("lab/domain-agent-1-kvm.xml", domain_xml(lab, node, files_of(node)).xml);
}

TEST(DomainXml, HashFollowsWhatTheDomainDependsOnAndIsInTheLabel) {
  const auto lab = lab_with(Accelerator::tcg);
  auto node = lab.node("master-1");
  const auto before = domain_xml(lab, node, files_of(node));
  EXPECT_NE(before.xml.find("hash=\"" + before.hash + "\""), std::string::npos);
  EXPECT_EQ(before.hash, domain_xml(lab, node, files_of(node)).hash);
  node.memory_mib += 1024;
  EXPECT_NE(before.hash, domain_xml(lab, node, files_of(node)).hash);
  node.memory_mib -= 1024;
  EXPECT_NE(before.hash, domain_xml(lab_with(Accelerator::kvm), node, files_of(node)).hash);
}

TEST(DomainXml, NamesTheTwentySeventhDisk) {
  const auto lab = lab_with(Accelerator::tcg);
  auto node = lab.node("agent-1");
  node.disks.clear();
  for (int i = 0; i < 26; ++i) node.disks.push_back({"/d" + std::to_string(i), 1024, "d"});
  const auto xml = domain_xml(lab, node, files_of(node)).xml;
  EXPECT_NE(xml.find("dev=\"vdz\""), std::string::npos);
  EXPECT_NE(xml.find("dev=\"vdaa\""), std::string::npos);
  EXPECT_NE(xml.find("dev=\"vdab\""), std::string::npos);
  EXPECT_EQ(xml.find("dev=\"vdac\""), std::string::npos);
}

TEST(DomainXml, EscapesWhatTheUserChose) {
  const auto lab = lab_with(Accelerator::tcg);
  const auto& node = lab.node("master-1");
  auto files = files_of(node);
  files.root_disk = "/tmp/a'b\"<&>.qcow2";
  const auto xml = domain_xml(lab, node, files).xml;
  EXPECT_NE(xml.find("file=\"/tmp/a'b&quot;&lt;&amp;"), std::string::npos) << xml;
}

TEST(DomainXml, RefusesAnAcceleratorThatNobodyProved) {
  const auto lab = lab_with(Accelerator::automatic);
  const auto& node = lab.node("master-1");
  EXPECT_THROW(domain_xml(lab, node, files_of(node)), Error);
}

}  // namespace
}  // namespace vmlab

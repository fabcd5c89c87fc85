#include "lab/fork_xml.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "lab/domain_xml.h"
#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using test::expect_golden;

DomainFiles files_of(const std::string& name, std::size_t disks) {
  DomainFiles files{"/s/" + name + ".qcow2", {}, "/s/" + name + "-seed.iso", "/s/" + name + ".log"};
  for (std::size_t i = 0; i < disks; ++i) {
    files.data_disks.push_back("/s/" + name + "-" + std::to_string(i) + ".qcow2");
  }
  return files;
}

Lab sample() {
  auto lab = test::quickstart();
  lab.accelerator = Accelerator::tcg;
  return lab;
}

Node agent_with_disks(const Lab& lab) {
  auto node = lab.node("agent-1");
  node.disks = {{"/var/lib/docker", 1024, "docker_a"}, {"/var/lib/mesos", 2048, "mesos_b"}};
  return node;
}

std::string template_of(const Lab& lab) {
  return template_xml(lab, lab.node("agent-1"), "vmlab-template-0123", files_of("template", 0)).xml;
}

/// A little of what libvirt adds when it saves: where it put things for this run.
std::string as_saved(std::string xml) {
  const auto insert = [&xml](const std::string& where, const std::string& what) {
    const auto at = xml.find(where);
    ASSERT_NE(at, std::string::npos) << where;
    xml.insert(at, what);
  };
  insert("<target type=\"virtio\" name=\"org.qemu.guest_agent.0\"",
         "<source mode=\"bind\" path=\"/run/template/agent\"/>");
  insert("<target dev=\"vda\"",
         "<backingStore type=\"file\"><source file=\"/below\"/></backingStore>");
  insert("<log file=", "<source path=\"/dev/pts/7\"/>");
  return xml;
}

TEST(TemplateXml, HasTheShapeOfANodeAndRoomForItsDevices) {
  const auto lab = sample();
  auto xml = template_of(lab);
  const auto padding = std::string(4096, '.');
  ASSERT_NE(xml.find(padding), std::string::npos);
  xml.replace(xml.find(padding), padding.size(), "...");
  expect_golden("lab/domain-template-tcg.xml", xml);
}

TEST(ForkedXml, IsTheNodesAndKeepsTheSavedMachine) {
  const auto lab = sample();
  const auto own = domain_xml(lab, agent_with_disks(lab), files_of("agent-1", 2)).xml;
  const auto forked = forked_xml(as_saved(template_of(lab)), own);
  expect_golden("lab/domain-agent-1-forked.xml", forked + "\n");
  EXPECT_EQ(forked.find("template"), std::string::npos);
  EXPECT_EQ(forked.find("/below"), std::string::npos);
  EXPECT_EQ(forked.find("/dev/pts/7"), std::string::npos);
}

TEST(ForkedXml, FitsWhereTheTemplatesWasForTheLongestNames) {
  auto lab = sample();
  auto node = lab.node("agent-1");
  node.name = std::string(63, 'n');
  node.domain_name = lab.name + "-" + node.name;
  const auto own = domain_xml(lab, node, files_of(std::string(250, 'f'), node.disks.size())).xml;
  const auto saved = template_of(lab);
  EXPECT_LT(forked_xml(saved, own).size(), saved.size());
}

TEST(ForkedXml, ForkingAForkGivesTheSameAsForkingTheTemplate) {
  const auto lab = sample();
  const auto one = domain_xml(lab, lab.node("master-1"), files_of("master-1", 0)).xml;
  const auto two = domain_xml(lab, lab.node("master-2"), files_of("master-2", 0)).xml;
  const auto saved = template_of(lab);
  EXPECT_EQ(forked_xml(forked_xml(saved, one), two), forked_xml(saved, two));
}

TEST(ForkedXml, RefusesWhatIsNoTemplate) {
  const auto lab = sample();
  const auto own = domain_xml(lab, agent_with_disks(lab), files_of("agent-1", 2)).xml;
  EXPECT_THROW(forked_xml(own, own), Error);
  EXPECT_THROW(forked_xml("<domain/>", own), Error);
  EXPECT_THROW(forked_xml("<domain", own), Error);
  EXPECT_THROW(forked_xml(template_of(lab), "<network/>"), Error);
}

TEST(AddedDevices, AreTheDataDisksAndTheNic) {
  const auto lab = sample();
  const auto own = domain_xml(lab, agent_with_disks(lab), files_of("agent-1", 2)).xml;
  const auto added = added_devices(own);
  ASSERT_EQ(added.disks.size(), 2U);
  EXPECT_NE(added.disks[0].find("/s/agent-1-0.qcow2"), std::string::npos);
  EXPECT_NE(added.disks[1].find("<target dev=\"vdd\" bus=\"virtio\"/>"), std::string::npos);
  EXPECT_TRUE(added.nic.starts_with("<interface type=\"network\">"));
  EXPECT_NE(added.nic.find(lab.node("agent-1").mac), std::string::npos);
}

}  // namespace
}  // namespace vmlab

// libvirt's own schema and parser on the XML of whole labs.
#include <gtest/gtest.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <memory>

#include "lab/domain_xml.h"
#include "lab/network_xml.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

struct Close {
  void operator()(virConnectPtr connection) const { virConnectClose(connection); }
  void operator()(virDomainPtr domain) const { virDomainFree(domain); }
  void operator()(virNetworkPtr network) const { virNetworkFree(network); }
};

class LabXml : public ::testing::Test {
 protected:
  void SetUp() override {
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
    connection_.reset(virConnectOpen("test:///default"));
    ASSERT_TRUE(connection_) << virGetLastErrorMessage();
  }
  void TearDown() override { virSetErrorFunc(nullptr, nullptr); }

  void expect_valid(const Lab& lab, const Node& node) {
    const std::string directory = "/var/lib/vmlab/labs/" + lab.name + "/" + node.name;
    DomainFiles files{directory + ".qcow2", {}, directory + ".iso", directory + ".log"};
    for (const auto& disk : node.disks) files.data_disks.emplace_back(directory + disk.label);
    const auto xml = domain_xml(lab, node, files).xml;
    const std::unique_ptr<virDomain, Close> domain(
        virDomainDefineXMLFlags(connection_.get(), xml.c_str(), VIR_DOMAIN_DEFINE_VALIDATE));
    EXPECT_TRUE(domain) << virGetLastErrorMessage() << "\n" << xml;
  }

  std::unique_ptr<virConnect, Close> connection_;
};

Lab project_lab(const std::string& name) {
  const auto file = "topologies/" + name + ".yaml";
  return resolve(load(test::project_file(file), file, test::sample_library(), {}), {});
}

TEST_F(LabXml, DomainsAreValid) {
  for (const auto* name : {"quickstart", "dcos", "plain"}) {
    for (const auto accelerator : {Accelerator::kvm, Accelerator::tcg}) {
      auto lab = project_lab(name);
      lab.accelerator = accelerator;
      for (const auto& node : lab.nodes) expect_valid(lab, node);
    }
  }
}

TEST_F(LabXml, NetworksAreValid) {
  for (const auto* name : {"quickstart", "dcos", "plain"}) {
    const auto xml = network_xml(project_lab(name), "/state").xml;
    const std::unique_ptr<virNetwork, Close> network(
        virNetworkDefineXMLFlags(connection_.get(), xml.c_str(), VIR_NETWORK_DEFINE_VALIDATE));
    EXPECT_TRUE(network) << virGetLastErrorMessage() << "\n" << xml;
  }
}

TEST_F(LabXml, SchemaRefusesAnUnknownElement) {
  auto xml = network_xml(project_lab("plain"), "/state").xml;
  xml.insert(xml.find("<bridge"), "<brigde/>");
  const std::unique_ptr<virNetwork, Close> network(
      virNetworkDefineXMLFlags(connection_.get(), xml.c_str(), VIR_NETWORK_DEFINE_VALIDATE));
  EXPECT_FALSE(network);
}

}  // namespace
}  // namespace vmlab

// The libvirt adapter against libvirt's own in-process test driver.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "adapter/temp_dir.h"
#include "host/adapters.h"
#include "host/libvirt_fork.h"
#include "host/libvirt_kvm.h"
#include "host/libvirt_xml.h"

namespace vmlab {
namespace {

constexpr const char* node_xml = R"(<node>
  <cpu><mhz>3000</mhz><model>i686</model><active>4</active><nodes>1</nodes><sockets>1</sockets>
    <cores>4</cores><threads>1</threads></cpu>
  <memory>16777216</memory>
  <domain type='test'>
    <name>theirs</name><uuid>11111111-1111-4111-8111-111111111111</uuid>
    <memory>8388608</memory><vcpu>1</vcpu><os><type>hvm</type></os>
  </domain>
  <network>
    <name>theirs</name><uuid>22222222-2222-4222-8222-222222222222</uuid>
    <bridge name='virbr9'/><ip address='192.168.122.1' netmask='255.255.255.0'/>
    <ip family='ipv6' address='2001:db8::1' prefix='64'/>
  </network>
</node>)";

constexpr const char* uuid = "33333333-3333-4333-8333-333333333333";

std::string domain_xml(const std::string& name, const std::string& its_uuid,
                       const std::string& hash = "abc") {
  return "<domain type='test'><name>" + name + "</name><uuid>" + its_uuid +
         "</uuid><metadata><other xmlns='urn:other'>x</other><v:lab xmlns:v='urn:vmlab:1' "
         "name='dcos' node='master-1' hash='" +
         hash +
         "'/></metadata><memory>8388608</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>";
}

std::string network_xml(const std::string& hash = "abc", const std::string& its_uuid = uuid) {
  return "<network><name>dcos</name><uuid>" + its_uuid +
         "</uuid><metadata><v:lab xmlns:v='urn:vmlab:1' name='dcos' hash='" + hash +
         "' state='/state'/></metadata><bridge name='vl-dcos'/>"
         "<ip address='192.168.90.1' netmask='255.255.255.0'/></network>";
}

GuestCommand command(const std::string& script, const std::string& input = {}) {
  GuestCommand words;
  words.script = script;
  words.input = input;
  return words;
}

class LibvirtTest : public testing::Test {
 protected:
  LibvirtTest() {
    write_text(directory_ / "node.xml", node_xml);
    hypervisor_ = make_libvirt("test://" + (directory_ / "node.xml").string());
  }
  NetworkInfo network(const std::string& name) {
    for (auto& info : hypervisor_->networks()) {
      if (info.name == name) return info;
    }
    ADD_FAILURE() << "no network " << name;
    return {};
  }

  TempDir directory_;
  std::unique_ptr<Hypervisor> hypervisor_;
};

TEST_F(LibvirtTest, TellsWhatTheHostIs) {
  const auto info = hypervisor_->info();
  EXPECT_TRUE(info.uri.starts_with("test:///"));
  EXPECT_EQ(std::ranges::count(info.libvirt_version, '.'), 2);
  EXPECT_EQ(info.cpus, 4U);
  EXPECT_EQ(info.memory_mib, 16384U);
}

TEST_F(LibvirtTest, ListsWhatOthersMadeWithoutLabel) {
  const auto domains = hypervisor_->domains();
  ASSERT_EQ(domains.size(), 1U);
  EXPECT_EQ(domains[0].name, "theirs");
  EXPECT_EQ(domains[0].uuid, "11111111-1111-4111-8111-111111111111");
  EXPECT_EQ(domains[0].state, DomainState::running);
  EXPECT_EQ(domains[0].label, std::nullopt);
  const auto info = network("theirs");
  EXPECT_EQ(info.label, std::nullopt);
  EXPECT_EQ(info.bridge, "virbr9");
  EXPECT_TRUE(info.active);
  ASSERT_EQ(info.cidrs.size(), 1U) << "only IPv4";
  EXPECT_EQ(info.cidrs[0].text(), "192.168.122.0/24");
}

TEST_F(LibvirtTest, DomainLivesItsLife) {
  const std::string name = "dcos-master-1";
  EXPECT_EQ(hypervisor_->domain(name), std::nullopt);
  hypervisor_->define_domain(domain_xml(name, uuid));
  auto found = hypervisor_->domain(name);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, DomainState::shut_off);
  EXPECT_EQ(found->uuid, uuid);
  ASSERT_TRUE(found->label);
  EXPECT_EQ(*found->label, (Label{"dcos", "master-1", "abc"}));

  hypervisor_->start_domain(name);
  hypervisor_->start_domain(name);
  EXPECT_EQ(state_text(*hypervisor_->domain(name)), "running");

  hypervisor_->define_domain(domain_xml(name, uuid, "def"));
  EXPECT_EQ(hypervisor_->domain(name)->label->hash, "def") << "of the definition, while it runs";
  EXPECT_EQ(hypervisor_->domain(name)->state, DomainState::running);

  hypervisor_->stop_domain(name);
  hypervisor_->stop_domain(name);
  EXPECT_EQ(hypervisor_->domain(name)->state, DomainState::shut_off);
  EXPECT_EQ(state_text(*hypervisor_->domain(name)), "shut off (destroyed)");
  hypervisor_->start_domain(name);
  hypervisor_->remove_domain(name);
  hypervisor_->remove_domain(name);
  EXPECT_EQ(hypervisor_->domain(name), std::nullopt);
  EXPECT_NO_THROW(hypervisor_->stop_domain(name));
}

TEST_F(LibvirtTest, AClockThatCannotBeSetIsAnErrorInLibvirtsWords) {
  hypervisor_->define_domain(domain_xml("dcos-master-1", uuid));
  try {
    hypervisor_->set_clock("dcos-master-1", std::chrono::system_clock::now());
    FAIL() << "it does not run, and the driver knows no agent";
  } catch (const Error& error) {
    EXPECT_TRUE(error.message().starts_with("cannot set the clock of domain 'dcos-master-1': "))
        << error.message();
  }
}

TEST_F(LibvirtTest, SnapshotsKeepTheirWordsAndBringTheDomainBackPaused) {
  hypervisor_->define_domain(domain_xml("dcos-master-1", uuid));
  hypervisor_->start_domain("dcos-master-1");
  EXPECT_TRUE(hypervisor_->snapshots("dcos-master-1").empty());
  EXPECT_TRUE(hypervisor_->snapshots("absent").empty());
  const SnapshotInfo one{"one", R"({"of":"<lab> & 'node'"})"};
  hypervisor_->pause_domain("dcos-master-1");
  hypervisor_->pause_domain("dcos-master-1");
  hypervisor_->save_snapshot("dcos-master-1", one);
  EXPECT_EQ(hypervisor_->domain("dcos-master-1")->state, DomainState::paused);
  hypervisor_->save_snapshot("dcos-master-1", {"two", "second"});
  EXPECT_EQ(hypervisor_->snapshots("dcos-master-1"),
            (std::vector<SnapshotInfo>{one, {"two", "second"}}));
  hypervisor_->save_snapshot("dcos-master-1", {"two", "replaced"});
  EXPECT_EQ(hypervisor_->snapshots("dcos-master-1")[1].description, "replaced");
  hypervisor_->stop_domain("dcos-master-1");
  hypervisor_->revert_snapshot("dcos-master-1", "one");
  EXPECT_EQ(hypervisor_->domain("dcos-master-1")->state, DomainState::paused);
  hypervisor_->start_domain("dcos-master-1");
  EXPECT_EQ(hypervisor_->domain("dcos-master-1")->state, DomainState::running);
  hypervisor_->remove_snapshot("dcos-master-1", "one");
  hypervisor_->remove_snapshot("dcos-master-1", "one");
  EXPECT_EQ(hypervisor_->snapshots("dcos-master-1").size(), 1U);
  try {
    hypervisor_->revert_snapshot("dcos-master-1", "one");
    FAIL() << "it is gone";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("cannot revert 'dcos-master-1' to snapshot 'one': "),
              std::string::npos);
  }
  hypervisor_->forget_snapshots("dcos-master-1");
  hypervisor_->forget_snapshots("absent");
  EXPECT_TRUE(hypervisor_->snapshots("dcos-master-1").empty());
}

TEST_F(LibvirtTest, ADomainWithSnapshotsIsRemovable) {
  hypervisor_->define_domain(domain_xml("dcos-master-1", uuid));
  hypervisor_->start_domain("dcos-master-1");
  hypervisor_->save_snapshot("dcos-master-1", {"one", ""});
  hypervisor_->save_snapshot("dcos-master-1", {"two", ""});
  hypervisor_->remove_domain("dcos-master-1");
  EXPECT_EQ(hypervisor_->domain("dcos-master-1"), std::nullopt);
}

TEST_F(LibvirtTest, NameTakenByAnotherDomainSaysSo) {
  try {
    hypervisor_->define_domain(domain_xml("theirs", uuid));
    FAIL() << "defined over somebody else's domain";
  } catch (const Error& error) {
    EXPECT_TRUE(error.message().starts_with("cannot define domain 'theirs': ")) << error.what();
    EXPECT_NE(error.message().find("11111111-1111-4111-8111-111111111111"), std::string::npos)
        << error.what();
    EXPECT_NE(error.hint().find("rename the lab"), std::string::npos) << error.what();
  }
  EXPECT_EQ(hypervisor_->domains().size(), 1U);
}

TEST_F(LibvirtTest, BadXmlKeepsLibvirtsWords) {
  try {
    hypervisor_->define_domain("<domain type='test'><name>x</name></domain>");
    FAIL() << "defined a domain without os";
  } catch (const Error& error) {
    EXPECT_TRUE(error.message().starts_with("cannot define domain 'x': ")) << error.what();
    EXPECT_GT(error.message().size(), std::string("cannot define domain 'x': ").size());
  }
  EXPECT_THROW(hypervisor_->define_domain("no xml"), Error);
  EXPECT_THROW(hypervisor_->start_domain("absent"), Error);
}

TEST_F(LibvirtTest, NetworkLivesItsLife) {
  hypervisor_->define_network(network_xml());
  EXPECT_FALSE(network("dcos").active);
  hypervisor_->start_network("dcos");
  hypervisor_->start_network("dcos");
  const auto info = network("dcos");
  EXPECT_TRUE(info.active);
  EXPECT_EQ(info.label, (Label{"dcos", "", "abc", "/state"}));
  EXPECT_EQ(info.uuid, uuid);
  EXPECT_EQ(info.bridge, "vl-dcos");
  hypervisor_->remove_network("dcos");
  hypervisor_->remove_network("dcos");
  EXPECT_EQ(hypervisor_->networks().size(), 1U);
  EXPECT_THROW(hypervisor_->start_network("dcos"), Error);
}

TEST_F(LibvirtTest, DnsHostsBecomeExactlyTheWantedOnes) {
  hypervisor_->define_network(network_xml());
  const DnsHosts first{{"192.168.90.11", {"master-1.dcos.test", "master-1"}},
                       {"192.168.90.12", {"master-2.dcos.test", "master-2"}}};
  hypervisor_->set_dns_hosts("dcos", first);
  EXPECT_EQ(network("dcos").hosts, first) << "not active";
  hypervisor_->start_network("dcos");
  EXPECT_EQ(network("dcos").hosts, first) << "active";
  // Addresses change owners, one goes, one comes: no name may be in the way of another.
  const DnsHosts second{{"192.168.90.11", {"master-2.dcos.test", "master-2"}},
                        {"192.168.90.13", {"master-1.dcos.test", "master-1"}}};
  hypervisor_->set_dns_hosts("dcos", second);
  hypervisor_->set_dns_hosts("dcos", second);
  EXPECT_EQ(network("dcos").hosts, second);
  hypervisor_->define_network(network_xml());
  EXPECT_EQ(network("dcos").hosts, second) << "defining it again forgot them";
  auto elsewhere = network_xml();
  elsewhere.replace(elsewhere.find("/state"), 6, "/other");
  hypervisor_->define_network(elsewhere);
  EXPECT_EQ(network("dcos").hosts, second) << "another state directory is no other network";
  hypervisor_->set_dns_hosts("dcos", {});
  EXPECT_TRUE(network("dcos").hosts.empty());
}

TEST_F(LibvirtTest, AConsoleThatCannotBeOpenedKeepsLibvirtsWords) {
  std::string said;
  for (const std::string name : {"theirs", "nobody"}) {
    try {
      hypervisor_->open_console(name, false, {.on_output = [](auto) {}, .on_end = [](auto&) {}});
      ADD_FAILURE() << name << " has a console";
    } catch (const Error& error) {
      EXPECT_TRUE(error.message().starts_with("cannot open the console of domain '" + name + "': "))
          << error.message();
      said += error.message();
    }
  }
  EXPECT_NE(said.find("not supported"), std::string::npos) << said;
  EXPECT_NE(said.find("not found"), std::string::npos) << said;
}

TEST_F(LibvirtTest, SeveralThreadsShareOneConnection) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      const auto name = "node-" + std::to_string(i);
      const auto id = "44444444-4444-4444-8444-44444444444" + std::to_string(i);
      for (int round = 0; round < 5; ++round) {
        hypervisor_->define_domain(domain_xml(name, id));
        hypervisor_->start_domain(name);
        EXPECT_GE(hypervisor_->domains().size(), 2U);
        hypervisor_->remove_domain(name);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(hypervisor_->domains().size(), 1U);
}

TEST(LibvirtConnect, NothingAnswers) {
  const TempDir directory;
  const auto uri = "qemu+unix:///system?socket=" + (directory / "none").string();
  try {
    make_libvirt(uri);
    FAIL() << "connected to nothing";
  } catch (const Error& error) {
    EXPECT_TRUE(error.message().starts_with("cannot connect to libvirt at '" + uri + "': "))
        << error.what();
    EXPECT_FALSE(error.hint().empty());
    EXPECT_EQ(error.code(), ExitCode::failed);
  }
}

TEST(LibvirtKvm, TheDriverCannotSoTheAnswerIsNo) {
  const TempDir directory;
  write_text(directory / "node.xml", node_xml);
  const auto hypervisor = make_libvirt("test://" + (directory / "node.xml").string());
  EXPECT_FALSE(hypervisor->prove_kvm(directory / "scratch", {}));
  if (std::filesystem::exists(directory / "scratch")) {
    EXPECT_TRUE(std::filesystem::is_empty(directory / "scratch"));
  }
  EXPECT_EQ(hypervisor->domains().size(), 1U);
}

TEST(LibvirtKvm, OnlyTheRootMountProvesAKernel) {
  EXPECT_FALSE(reached_root_mount(""));
  EXPECT_FALSE(reached_root_mount("[    0.0] Linux version 6.1.0\n[    0.1] KVM: internal error"));
  EXPECT_TRUE(reached_root_mount("[    1.2] VFS: Cannot open root device \"(null)\""));
  EXPECT_TRUE(
      reached_root_mount("[    1.2] Kernel panic - not syncing: VFS: Unable to mount root "
                         "fs on unknown-block(0,0)"));
}

TEST_F(LibvirtTest, SavedDomainIsOffUntilItIsRestoredAndKeepsItsDefinition) {
  const auto file = directory_ / "memory";
  EXPECT_THROW(hypervisor_->save_domain("dcos-master-1", file), Error);  // there is none
  hypervisor_->define_domain(domain_xml("dcos-master-1", uuid));
  EXPECT_THROW(hypervisor_->save_domain("dcos-master-1", file), Error);  // it does not run
  hypervisor_->start_domain("dcos-master-1");
  hypervisor_->save_domain("dcos-master-1", file);
  EXPECT_EQ(hypervisor_->domain("dcos-master-1")->state, DomainState::shut_off);
  hypervisor_->restore_domain(file);
  const auto info = hypervisor_->domain("dcos-master-1");
  EXPECT_EQ(info->state, DomainState::running);
  EXPECT_EQ(info->uuid, uuid);
  EXPECT_EQ(info->label, (Label{"dcos", "master-1", "abc"}));
  EXPECT_THROW(hypervisor_->restore_domain(file), Error);  // it runs
  EXPECT_THROW(hypervisor_->restore_domain(directory_ / "none"), Error);
}

TEST_F(LibvirtTest, DomainWithoutAnAgentCannotBeReached) {
  EXPECT_THROW(hypervisor_->run_by_agent("theirs", command("true"), {}), Unreachable);
  EXPECT_THROW(hypervisor_->run_by_agent("none", command("true"), {}), Error);
}

TEST(LibvirtFork, KnowsADiskByItsTargetAndANicByItsAddress) {
  const std::string domain =
      "<domain><devices><disk><source file='/a'/><target dev='vda'/></disk>"
      "<interface><mac address='52:54:00:00:00:01'/></interface></devices></domain>";
  EXPECT_TRUE(has_device(domain, "<disk><target dev='vda'/></disk>"));
  EXPECT_FALSE(has_device(domain, "<disk><target dev='vdb'/></disk>"));
  EXPECT_TRUE(has_device(domain, "<interface><mac address='52:54:00:00:00:01'/></interface>"));
  EXPECT_FALSE(has_device(domain, "<interface><mac address='52:54:00:00:00:02'/></interface>"));
  EXPECT_FALSE(has_device("<domain/>", "<disk><target dev='vda'/></disk>"));
  EXPECT_THROW(has_device("<domain", "<disk/>"), Error);
}

TEST(LibvirtFork, AgentIsAskedInItsOwnWords) {
  EXPECT_EQ(agent_exec(command("echo \"a\"", "abcd")),
            R"({"arguments":{"arg":["-c","echo \"a\""],"capture-output":true,)"
            R"("input-data":"YWJjZA==","path":"/bin/sh"},"execute":"guest-exec"})");
  EXPECT_EQ(read_agent_pid(R"({"return":{"pid":42}})"), 42);
  EXPECT_EQ(agent_exec_status(42), R"({"arguments":{"pid":42},"execute":"guest-exec-status"})");
  EXPECT_FALSE(read_agent_result(R"({"return":{"exited":false}})"));
  const auto result = read_agent_result(
      R"({"return":{"exited":true,"exitcode":3,"out-data":"YWJjZA==","err-data":"YQ=="}})");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->out, "abcd");
  EXPECT_EQ(result->err, "a");
  EXPECT_EQ(read_agent_result(R"({"return":{"exited":true,"signal":9}})")->exit_code, 137);
  EXPECT_THROW(read_agent_result("no"), Error);
  EXPECT_THROW(read_agent_pid(R"({"error":{}})"), Error);
}

// They came out as nlohmann's exceptions, which fail a node instead of booting it.
TEST(LibvirtFork, AnAgentThatAnswersWhatItLikesIsAnError) {
  for (const auto* reply :
       {R"({"return":{}})", R"({"return":{"pid":"one"}})", R"({"return":{"pid":null}})",
        R"({"return":[]})", R"({"return":1})", "[]", "7", ""}) {
    EXPECT_THROW(read_agent_pid(reply), Error) << reply;
  }
  for (const auto* reply :
       {R"({"return":{"exited":"yes"}})", R"({"return":{"exited":true,"exitcode":"3"}})",
        R"({"return":{"exited":true,"signal":[]}})", R"({"return":{"exited":true,"out-data":1}})",
        R"({"return":{"exited":true,"err-data":"%"}})", R"({"return":[]})", "[]"}) {
    EXPECT_THROW(read_agent_result(reply), Error) << reply;
  }
}

TEST(LibvirtKvm, NewestKernelByVersion) {
  const TempDir directory;
  EXPECT_TRUE(newest_kernel(directory.path()).empty());
  EXPECT_TRUE(newest_kernel(directory / "absent").empty());
  for (const auto* name : {"vmlinuz-6.9.0-3-amd64", "vmlinuz-6.10.0-1-amd64", "vmlinuz.old",
                           "initrd.img-6.11.0-1-amd64", "vmlinuz-6.10.0-1-amd64.old"}) {
    write_text(directory / name, "x");
  }
  EXPECT_EQ(newest_kernel(directory.path()).filename(), "vmlinuz-6.10.0-1-amd64");
}

TEST(LibvirtXml, LabelInAnyFormButOnlyInItsNamespace) {
  const auto domain = [](const std::string& metadata) {
    return read_label("<domain><metadata>" + metadata + "</metadata></domain>");
  };
  const Label expected{"a", "b", "c"};
  EXPECT_EQ(domain("<x:lab xmlns:x='urn:vmlab:1' name='a' node='b' hash='c'/>"), expected);
  EXPECT_EQ(domain("<lab xmlns='urn:vmlab:1' name='a' node='b' hash='c'/>"), expected);
  EXPECT_EQ(domain("<x:lab xmlns:x='urn:vmlab:2' name='a' node='b' hash='c'/>"), std::nullopt);
  EXPECT_EQ(domain("<lab name='a' node='b' hash='c'/>"), std::nullopt);
  EXPECT_EQ(read_label("<domain/>"), std::nullopt);
  EXPECT_THROW(read_label("<domain>"), Error);
}

TEST(LibvirtXml, NamesAreEscaped) {
  EXPECT_EQ(dns_host_xml("10.0.0.1", {"a<&>b", "c"}),
            "<host ip=\"10.0.0.1\"><hostname>a&lt;&amp;&gt;b</hostname><hostname>c</hostname>"
            "</host>");
}

TEST(LibvirtXml, OnlyWhatDiffersChanges) {
  const auto change = dns_change({{"1", {"a"}}, {"2", {"b"}}, {"3", {"c"}}},
                                 {{"1", {"a"}}, {"2", {"c"}}, {"4", {"b"}}});
  EXPECT_EQ(change.remove, (std::vector<std::string>{"2", "3"}));
  EXPECT_EQ(change.add, (DnsHosts{{"2", {"c"}}, {"4", {"b"}}}));
}

}  // namespace
}  // namespace vmlab

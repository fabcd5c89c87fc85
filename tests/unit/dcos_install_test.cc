#include "dcos/install.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>

#include "base/text.h"
#include "dcos/scripts.h"
#include "lab/readiness.h"
#include "support/dcos_lab.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using test::dcos_lab;
using test::expect_golden;

const InstallItem& item(const std::vector<InstallItem>& items, const std::string& id) {
  const auto found = std::ranges::find(items, id, &InstallItem::id);
  if (found == items.end()) throw std::runtime_error("no item " + id);
  return *found;
}

/// Everything that `id` waits for, directly or not.
std::set<std::string> all_before(const std::vector<InstallItem>& items, const std::string& id) {
  std::set<std::string> seen;
  std::vector<std::string> open = {id};
  while (!open.empty()) {
    const auto next = open.back();
    open.pop_back();
    const auto found = std::ranges::find(items, next, &InstallItem::id);
    if (found == items.end()) continue;
    for (const auto& before : found->after) {
      if (seen.insert(before).second) open.push_back(before);
    }
  }
  return seen;
}

TEST(Install, ItemsOfASixNodeLabAndTheirOrder) {
  std::string text;
  for (const auto& each : install_items(dcos_lab())) {
    text += each.id + " [" + each.node + "] " + each.title + "\n";
    for (const auto& id : each.after) text += "    after " + id + "\n";
  }
  expect_golden("dcos/items.txt", text);
}

TEST(Install, EveryItemComesAfterWhatItWaitsFor) {
  std::set<std::string> seen;
  for (const auto& each : install_items(dcos_lab())) {
    for (const auto& id : each.after) {
      EXPECT_TRUE(seen.contains(id) || id.starts_with("gate/cloud-init/")) << each.id << " " << id;
    }
    EXPECT_TRUE(seen.insert(each.id).second) << each.id;
  }
}

TEST(Install, MastersWaitForEveryPreflightAndAgentsForTheWholeEnsemble) {
  const auto items = install_items(dcos_lab());
  const auto before_master = all_before(items, "dcos/install/master-2");
  for (const char* node : {"master-1", "master-2", "master-3", "agent-1", "public-1"}) {
    EXPECT_TRUE(before_master.contains(std::string("dcos/preflight/") + node)) << node;
    EXPECT_TRUE(before_master.contains(std::string("gate/clock/") + node)) << node;
  }
  EXPECT_FALSE(before_master.contains("dcos/install/master-1")) << "masters install in parallel";
  const auto before_agent = all_before(items, "dcos/install/public-1");
  for (const char* id : {"gate/zookeeper-quorum", "gate/exhibitor", "gate/zookeeper-mode/master-3",
                         "dcos/install/master-3", "dcos/preflight/agent-1"}) {
    EXPECT_TRUE(before_agent.contains(id)) << id;
  }
  EXPECT_TRUE(all_before(items, "gate/poststart/agent-1").contains("gate/registered/public-1"));
}

TEST(Install, OneMasterAndNoAgentsIsALabToo) {
  const auto items = install_items(dcos_lab(1, 0, 0));
  for (const auto& each : items) {
    EXPECT_EQ(each.id.find("registered"), std::string::npos);
    EXPECT_NE(each.id, "gate/agents");
  }
  EXPECT_EQ(std::get<Gate>(item(items, "gate/zookeeper-quorum").work).what,
            "ZooKeeper quorum of 1 master");
}

TEST(Install, ALabWithoutDcosHasNothingToInstall) {
  auto lab = dcos_lab();
  lab.dcos.reset();
  EXPECT_TRUE(install_items(lab).empty());
}

TEST(Install, MoreAgentsChangeNothingForTheNodesThatAreThere) {
  const auto few = install_items(dcos_lab(3, 1, 1));
  const auto many = install_items(dcos_lab(3, 5, 2));
  for (const char* id :
       {"dcos/genconf", "dcos/serve", "dcos/preflight/agent-1", "dcos/install/master-1",
        "dcos/install/agent-1", "dcos/install/public-1"}) {
    EXPECT_EQ(item(few, id).hash, item(many, id).hash) << id;
  }
}

TEST(Install, WhatIsInstalledDependsOnReleaseConfigurationAndIpDetect) {
  const auto base = item(install_items(dcos_lab()), "dcos/install/master-1");
  EXPECT_TRUE(base.only_once);
  auto lab = dcos_lab();
  lab.dcos->config["cluster_name"] = "Other";
  EXPECT_NE(item(install_items(lab), "dcos/install/master-1").hash, base.hash);
  lab = dcos_lab();
  lab.dcos->ip_detect = "#!/bin/sh\necho 1.2.3.4\n";
  EXPECT_NE(item(install_items(lab), "dcos/install/master-1").hash, base.hash);
  lab = dcos_lab();
  lab.dcos->release.sha256 = std::string(64, 'a');
  EXPECT_NE(item(install_items(lab), "dcos/install/master-1").hash, base.hash);
  EXPECT_FALSE(item(install_items(lab), "dcos/genconf").only_once)
      << "a configuration that genconf refused can be corrected";
}

TEST(Install, ItemsGrowLinearlyWithTheNodes) {
  const auto edges = [](unsigned agents) {
    std::size_t count = 0;
    for (const auto& each : install_items(dcos_lab(3, agents, 0))) count += each.after.size();
    return count;
  };
  const auto small = edges(100);
  EXPECT_LT(edges(200), small * 21 / 10);
}

TEST(Scripts, AreTheseTexts) {
  const auto lab = dcos_lab();
  expect_golden("dcos/genconf_files.sh", genconf_files_script("#!/bin/sh\necho 'it'\n"));
  expect_golden("dcos/genconf.sh", genconf_script());
  expect_golden("dcos/serve.sh", serve_script(8080));
  expect_golden("dcos/preflight.sh", preflight_script(lab, lab.node("master-1")));
  expect_golden("dcos/install.sh", install_script(lab, lab.node("public-1")));
}

TEST(Scripts, AreTheShellsOwnLanguage) {
  // `sh -n` reads without running.
  const auto lab = dcos_lab();
  for (const auto& each : install_items(lab)) {
    std::vector<std::string> texts;
    if (const auto* task = std::get_if<GuestTask>(&each.work)) texts.push_back(task->script);
    if (const auto* gate = std::get_if<Gate>(&each.work)) {
      for (const auto& probe : gate->probes) {
        if (const auto* guest = std::get_if<GuestProbe>(&probe)) texts.push_back(guest->script);
      }
    }
    for (const auto& text : texts) {
      const auto command = "/bin/sh -n -c " + shell_quote(text);
      EXPECT_EQ(std::system(command.c_str()), 0) << each.id << "\n" << text;
    }
  }
}

TEST(Scripts, ValuesOfTheUserStayValues) {
  auto lab = dcos_lab();
  lab.dcos->config["bootstrap_url"] = "http://192.168.90.2:8080'; touch /tmp/evil; '";
  lab.dcos->ip_detect = "#!/bin/sh\necho '$(touch /tmp/evil)'\n";
  for (const auto& each : install_items(lab)) {
    const auto* task = std::get_if<GuestTask>(&each.work);
    if (task == nullptr || task->script.find("evil") == std::string::npos) continue;
    // Quoted as one word, the text has its quotes escaped everywhere.
    EXPECT_EQ(task->script.find("8080'; touch"), std::string::npos) << each.id;
    EXPECT_EQ(task->script.find("echo '$("), std::string::npos) << each.id;
  }
}

TEST(Scripts, PortOfAUrl) {
  EXPECT_EQ(port_of_url("http://192.168.90.2:8080"), 8080);
  EXPECT_EQ(port_of_url("http://bootstrap"), 80);
  EXPECT_EQ(port_of_url("http://bootstrap:81/x:9"), 81);
}

}  // namespace
}  // namespace vmlab

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dcos/config.h"
#include "dcos/config_keys.h"
#include "support/dcos_lab.h"

namespace vmlab {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

LintResult lint(const std::string& config, Lab lab = test::dcos_lab()) {
  lab.dcos->config = Json::parse(config);
  int line = 20;
  for (const auto& [key, value] : lab.dcos->config.items()) {
    lab.dcos->config_marks[key] = {line++, 7};
  }
  return lint_config(lab);
}

Texts errors(const std::string& config, Lab lab = test::dcos_lab()) {
  Texts texts;
  for (const auto& problem : lint(config, std::move(lab)).errors) {
    texts.push_back(problem.message + (problem.help.empty() ? "" : " [" + problem.help + "]"));
  }
  return texts;
}

TEST(ConfigLint, TheDefaultsAreClean) {
  EXPECT_EQ(errors("{}"), Texts{});
  EXPECT_EQ(lint("{}").warnings, Texts{});
  EXPECT_EQ(errors(R"({"cluster_name": "Lab", "oauth_enabled": false,
                       "resolvers": ["192.168.90.1"]})"),
            Texts{});
}

TEST(ConfigLint, ErrorsStandAtTheirKey) {
  const auto result = lint(R"({"cluster_name": "Lab", "oauth_enabeld": false})");
  ASSERT_EQ(result.errors.size(), 1U);
  EXPECT_EQ(result.errors[0],
            (Diagnostic{"lab.yaml", 21, 7, "unknown DC/OS parameter 'oauth_enabeld'",
                        "did you mean 'oauth_enabled'?"}));
}

TEST(ConfigLint, WhatTheInstallerIgnoresIsAWarning) {
  const auto result = lint(R"({"agent_list": [], "ssh_user": "x", "superuser_username": "a",
                               "something_entirely_different_here": 1})");
  EXPECT_TRUE(result.errors.empty());
  ASSERT_EQ(result.warnings.size(), 4U);
  EXPECT_NE(result.warnings[0].find("ssh installer"), std::string::npos);
  EXPECT_NE(result.warnings[2].find("Enterprise"), std::string::npos);
  EXPECT_NE(result.warnings[3].find("not known"), std::string::npos);
}

TEST(ConfigLint, FaultDomainsAreRefusedWithTheReason) {
  EXPECT_EQ(errors(R"({"fault_domain_enabled": false})"),
            Texts{"'fault_domain_enabled' may not be set [open source DC/OS knows no fault domains "
                  "by configuration, not even `false`; leave it out]"});
  EXPECT_EQ(errors(R"({"num_masters": 3})"),
            Texts{"'num_masters' may not be set with static master discovery [leave it out: it is "
                  "the number of masters in this file]"});
}

TEST(ConfigLint, ValuesThatKillTheInstaller) {
  EXPECT_EQ(errors(R"({"resolvers": null})"),
            Texts{"'resolvers' has no value: the installer dies of that; leave the key out, or "
                  "write \"\""});
  EXPECT_EQ(errors(R"({"gc_delay": 2.5})"),
            Texts{"'gc_delay' is a number with a fraction: the installer dies of that; put it into "
                  "quotes"});
}

TEST(ConfigLint, TypesAndRanges) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"oauth_enabled": "False"})", "must be true or false, not \"False\""},
      {R"({"check_time": 1})", "must be true or false, not 1"},
      {R"({"dcos_overlay_mtu": 500})", "must be a whole number from 552 to 65535, not 500"},
      {R"({"dcos_overlay_mtu": "x"})", "must be a whole number from 552 to 65535, not \"x\""},
      {R"({"resolvers": "8.8.8.8"})", "must be a list, not \"8.8.8.8\""},
      {R"({"resolvers": ["8.8.8"]})", "'8.8.8' is no IPv4 address, nor one with :PORT"},
      {R"({"resolvers": ["8.8.8.8:70000"]})",
       "'8.8.8.8:70000' is no IPv4 address, nor one with :PORT"},
      {R"({"resolvers": ["8.8.8.8", "8.8.8.8"]})", "lists '8.8.8.8' twice"},
      {R"({"dns_bind_ip_blacklist": ["host"]})", "'host' is no IPv4 address"},
      {R"({"mesos_agent_work_dir": "var"})", "must be an absolute path, not \"var\""},
      {R"({"calico_network_cidr": "172.29.0.0"})",
       "must be a network such as 172.31.254.0/24, not \"172.29.0.0\""},
      {R"({"exhibitor_storage_backend": "etcd"})", "must be one of static, zookeeper, aws_s3"},
      {R"({"cluster_name": ["a"]})", "must be a single value, not [\"a\"]"},
      {R"({"rexray_config": "x"})", "must be a map, not \"x\""},
      {R"({"docker_remove_delay": "1 hour"})", "must be a number and one of ns, us"},
      {R"({"gc_delay": "2d"})", "must be a number and one of ns, us"}};
  for (const auto& [config, message] : cases) {
    const auto found = errors(config);
    ASSERT_EQ(found.size(), 1U) << config;
    EXPECT_NE(found[0].find(message), std::string::npos) << found[0];
  }
  for (const char* good :
       {R"({"gc_delay": "2days"})", R"({"docker_remove_delay": "1.5hrs"})",
        R"({"oauth_enabled": "true"})", R"({"dcos_overlay_mtu": "1420"})",
        R"({"resolvers": ["8.8.8.8:53", "9.9.9.9"]})", R"({"resolvers": []})",
        R"({"cluster_name": 7})", R"({"mesos_dns_ip_sources": ["host", "netinfo"]})"}) {
    EXPECT_EQ(errors(good), Texts{}) << good;
  }
}

TEST(ConfigLint, KeysThatNeedOneAnother) {
  EXPECT_EQ(errors(R"({"enable_ipv6": false, "dcos_l4lb_enable_ipv6": true})"),
            Texts{"'enable_ipv6: false' needs 'dcos_l4lb_enable_ipv6: false'"});
  EXPECT_EQ(errors(R"({"enable_ipv6": false, "dcos_l4lb_enable_ipv6": false})"), Texts{});
  EXPECT_EQ(errors(R"({"use_proxy": true, "http_proxy": "http://p", "https_proxy": "http://p"})"),
            Texts{"'use_proxy' needs 'no_proxy' [a list; it may be empty: []]"});
  EXPECT_EQ(errors(R"({"use_proxy": true, "http_proxy": "http://p", "https_proxy": "http://p",
                       "no_proxy": "a,b"})"),
            Texts{"'no_proxy' must be a list, not \"a,b\""});
  EXPECT_EQ(errors(R"({"superuser_service_account_uid": "u"})").size(), 1U);
  EXPECT_EQ(errors(R"({"adminrouter_tls_1_2_enabled": false})"),
            Texts{"at least one version of TLS must be enabled"});
  EXPECT_EQ(
      errors(R"({"exhibitor_storage_backend": "zookeeper", "exhibitor_zk_path": "x"})"),
      (Texts{"'zookeeper' needs 'exhibitor_zk_hosts'", "'exhibitor_zk_path' must begin with /"}));
  EXPECT_EQ(errors(R"({"master_discovery": "master_http_loadbalancer"})"),
            (Texts{"'master_http_loadbalancer' needs 'exhibitor_address'",
                   "'master_http_loadbalancer' needs another exhibitor_storage_backend than "
                   "'static'"}));
}

TEST(ConfigLint, MastersAreThoseOfTheLab) {
  EXPECT_EQ(errors(R"({"master_list": ["192.168.90.13", "192.168.90.11", "192.168.90.12"]})"),
            Texts{});
  EXPECT_EQ(errors(R"({"master_list": ["192.168.90.11"]})"),
            Texts{"'master_list' does not name the masters of this lab [leave it out, or make it "
                  "192.168.90.11, 192.168.90.12, 192.168.90.13]"});
  auto young = test::dcos_lab();
  for (auto& node : young.nodes) node.address = {};
  EXPECT_EQ(errors(R"({"master_list": ["192.168.90.11"]})", young), Texts{})
      << "before addresses are derived there is nothing to compare";
  EXPECT_EQ(lint("{}", test::dcos_lab(7)).warnings.size(), 1U);
  EXPECT_EQ(errors("{}", test::dcos_lab(9)), Texts{});
  EXPECT_EQ(errors(R"({"master_list": ["192.168.90.11"]})", test::dcos_lab(0)), Texts{})
      << "that there are none is told already";
}

TEST(ConfigLint, BootstrapUrl) {
  EXPECT_EQ(errors(R"({"bootstrap_url": "http://192.168.90.2:8080/"})"),
            Texts{"'bootstrap_url' must not end in /"});
  EXPECT_EQ(errors(R"({"bootstrap_url": "file:///opt"})").size(), 1U);
  EXPECT_EQ(errors(R"({"bootstrap_url": "http://x:80'; rm"})").size(), 1U);
  EXPECT_TRUE(lint(R"({"bootstrap_url": "http://bootstrap.dcos.test:8080"})").warnings.empty());
  EXPECT_EQ(lint(R"({"bootstrap_url": "http://10.0.0.9:8080"})").warnings.size(), 1U);
  EXPECT_EQ(errors(R"({"cluster_name": "a\nb"})").size(), 1U);
}

TEST(ConfigLint, NetworksMustNotOverlapTheLabs) {
  EXPECT_EQ(errors(R"({"dcos_ucr_default_bridge_subnet": "192.168.90.128/25"})"),
            Texts{"dcos_ucr_default_bridge_subnet (192.168.90.128/25) overlaps the lab's network "
                  "192.168.90.0/24"});
  EXPECT_EQ(errors(R"({"dcos_l4lb_min_named_ip": "192.168.0.0",
                       "dcos_l4lb_max_named_ip": "192.168.255.255"})")
                .size(),
            1U);
  EXPECT_EQ(errors(R"({"dcos_overlay_network": {"vtep_subnet": "192.168.0.0/16",
                       "vtep_subnet6": "fd01:a::/64", "vtep_mac_oui": "70:B3:D5:00:00:00",
                       "overlays": [{"name": "dcos", "subnet": "172.29.0.0/20", "prefix": 24}]}})"),
            Texts{"vtep_subnet (192.168.0.0/16) overlaps the lab's network 192.168.90.0/24"});
}

TEST(ConfigLint, OneEndOfARangeIsComparedWithTheDefaultOfTheOther) {
  auto lab = test::dcos_lab();
  lab.network.cidr = *parse_cidr("10.77.0.0/24");
  EXPECT_EQ(errors(R"({"dcos_l4lb_min_named_ip": "10.0.0.0"})", lab),
            Texts{"the range of the load balancer's named addresses (10.0.0.0-11.255.255.255) "
                  "overlaps the lab's network 10.77.0.0/24"});
  EXPECT_EQ(errors(R"({"dcos_l4lb_max_named_ip": "10.255.255.255"})", lab),
            Texts{"the range of the load balancer's named addresses (11.0.0.0-10.255.255.255) "
                  "ends before it begins"});
  EXPECT_EQ(lint(R"({"dcos_l4lb_max_named_ip": "11.0.0.9"})", lab).errors.size(), 0U);
  EXPECT_EQ(lint(R"({"dcos_l4lb_max_named_ip": "1.0.0.0"})", lab).errors.at(0).line, 20);
}

/// What is valid in one release of 1.11 to 2.2 is refused for none; which refuse it is said.
TEST(ConfigLint, WhatOnlySomeReleasesTakeIsAWarning) {
  const std::string overlay =
      R"({"dcos_overlay_network": {"vtep_subnet": "44.128.0.0/20", "vtep_mac_oui": "70:B3:D5:00:00:00",
          "overlays": [{"name": "dcos", "subnet": "9.0.0.0/8", "prefix": 24}]}})";
  const std::string low_mtu =
      R"({"dcos_overlay_network": {"vtep_subnet": "44.128.0.0/20", "vtep_mac_oui": "70:B3:D5:00:00:00",
          "vtep_subnet6": "fd01:a::/64", "vtep_mtu": 500,
          "overlays": [{"name": "dcos", "subnet": "9.0.0.0/8", "prefix": 24}]}})";
  const std::string over_calico =
      R"({"dcos_overlay_network": {"vtep_subnet": "44.128.0.0/20", "vtep_mac_oui": "70:B3:D5:00:00:00",
          "vtep_subnet6": "fd01:a::/64",
          "overlays": [{"name": "dcos", "subnet": "172.29.0.0/20", "prefix": 24}]}})";
  const std::pair<std::string, const char*> cases[] = {
      {R"({"enable_ipv6": false})",
       "'enable_ipv6: false' alone is refused from 1.13 on: set dcos_l4lb_enable_ipv6: false as "
       "well"},
      {overlay,
       "'dcos_overlay_network' without 'vtep_subnet6' is refused from 2.1 on: add vtep_subnet6: "
       "fd01:a::/64, which older releases take too"},
      {low_mtu, "'vtep_mtu' below 552 is refused from 1.12 on"},
      {over_calico,
       "an overlay's subnet (172.29.0.0/20) overlaps Calico's network 172.29.0.0/16, which is "
       "refused from 2.1 on: set calico_network_cidr"},
      {R"({"mesos_container_log_sink": "my_own_sink"})",
       "no release knows mesos_container_log_sink 'my_own_sink', and none checks it"},
      {R"({"mesos_container_log_sink": "fluentbit+logrotate"})",
       "mesos_container_log_sink 'fluentbit+logrotate' is known from 1.13 on, and not checked "
       "before"},
      {R"({"mesos_max_completed_tasks_per_framework": ""})",
       "'mesos_max_completed_tasks_per_framework' without a number is taken up to 2.0 only"},
      {R"({"resolvers": ["198.51.100.2:53"]})",
       "resolver 198.51.100.2:53 is an address of DC/OS's own name server: 2.2 refuses it"}};
  for (const auto& [config, warning] : cases) {
    EXPECT_EQ(errors(config), Texts{}) << config;
    EXPECT_EQ(lint(config).warnings, Texts{warning}) << config;
  }
  for (const char* silent : {R"({"enable_ipv6": false, "dcos_l4lb_enable_ipv6": false})",
                             R"({"mesos_container_log_sink": "journald"})",
                             R"({"mesos_max_completed_tasks_per_framework": "100"})"}) {
    EXPECT_EQ(errors(silent), Texts{}) << silent;
    EXPECT_EQ(lint(silent).warnings, Texts{}) << silent;
  }
  EXPECT_EQ(errors(R"({"mesos_max_completed_tasks_per_framework": "x"})").size(), 1U);
}

TEST(ConfigLint, OverlayNetwork) {
  EXPECT_EQ(errors(R"({"calico_network_cidr": "172.28.0.0/16",
                       "dcos_overlay_network": {"vtep_subnet": "44.128.0.0/20",
                       "vtep_subnet6": "fd01:a::/64", "vtep_mac_oui": "70:B3:D5:00:00:00",
                       "overlays": [{"name": "dcos", "subnet": "172.28.0.0/20", "prefix": 24}]}})"),
            Texts{"an overlay's subnet (172.28.0.0/20) overlaps calico_network_cidr "
                  "(172.28.0.0/16)"});
  EXPECT_EQ(errors(R"({"dcos_overlay_network": {"vtep_subnet6": "fd01:a::/64"}})"),
            (Texts{"'dcos_overlay_network' needs 'vtep_subnet'",
                   "'dcos_overlay_network' needs 'vtep_mac_oui'",
                   "'dcos_overlay_network' needs 'overlays'"}));
  EXPECT_EQ(errors(R"({"dcos_overlay_network": {"vtep_subnet": "44.128.0.0/20", "vtep_mtu": 100,
                       "vtep_subnet6": "fd01:a::/64", "vtep_mac_oui": "70:B3:D5:00:00:00",
                       "overlays": [{"name": "a-very-long-name", "prefix": 24}]}})"),
            (Texts{"the name of overlay 'a-very-long-name' has more than 13 characters",
                   "overlay 'a-very-long-name' needs 'subnet' or 'subnet6'",
                   "no overlay is called 'dcos', which is the default network [set "
                   "dcos_overlay_network_default_name]"}));
}

TEST(ConfigLint, CustomChecks) {
  EXPECT_EQ(errors(R"({"custom_checks": {"node_checks": {"checks": {"mine":
                       {"cmd": ["x"], "description": "d", "timeout": "5 s"}}}}})"),
            Texts{"timeout of check 'mine' must be a number and one of ns, us, ms, s, m, h"});
  EXPECT_EQ(errors(R"({"custom_checks": {"cluster_checks": {"mine":
                       {"cmd": ["x"], "description": "d", "timeout": "5s"}}}})"),
            Texts{});
  EXPECT_EQ(errors(R"({"custom_checks": {"other": {}}})").size(), 1U);
}

TEST(ConfigLint, IpDetectMustBeAScript) {
  auto lab = test::dcos_lab();
  lab.dcos->ip_detect = "#!/bin/sh\r\necho 1.2.3.4\r\n";
  EXPECT_EQ(errors("{}", lab).size(), 1U);
  lab.dcos->ip_detect = "#!/bin/sh\necho 1.2.3.4\n";
  EXPECT_EQ(errors("{}", lab), Texts{});
}

TEST(ConfigLint, NoValueMakesItThrow) {
  // Any key with any kind of value is told about or taken, and never crashes.
  for (const auto& rule : config_keys()) {
    for (const char* value : {"null", "true", "-1", "1.5", "\"\"", "\"x\"", "[]", "[1]", "[null]",
                              "{}", R"({"a": [{}]})", "18446744073709551615"}) {
      EXPECT_NO_THROW(lint(fmt::format("{{\"{}\": {}}}", rule.name, value)))
          << rule.name << " " << value;
    }
  }
}

}  // namespace
}  // namespace vmlab

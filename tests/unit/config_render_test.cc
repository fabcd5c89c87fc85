#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "dcos/config.h"
#include "support/dcos_lab.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using Json = nlohmann::ordered_json;

TEST(ConfigRender, DefaultsOfALab) {
  test::expect_golden("dcos/config_default.yaml", render_config(test::dcos_lab()));
}

TEST(ConfigRender, UsersKeysOverrideAndKeepTheirTypes) {
  auto lab = test::dcos_lab();
  lab.dcos->config = Json::parse(R"({
    "cluster_name": "Lab \"one\"", "oauth_enabled": true, "resolvers": ["192.168.90.1"],
    "mesos_log_retention_mb": 2048, "gc_delay": "2days", "dns_search": "",
    "weights": "no", "platform": "012", "ui_banner_header_title": "1:30",
    "no_proxy": [], "rexray_config": {},
    "dcos_overlay_network": {"vtep_subnet": "44.128.0.0/20", "vtep_mac_oui": "70:B3:D5:00:00:00",
      "overlays": [{"name": "dcos", "subnet": "9.0.0.0/8", "prefix": 24}]}})");
  test::expect_golden("dcos/config_own.yaml", render_config(lab));
}

TEST(ConfigRender, TextThatLooksLikeAnotherTypeStaysText) {
  auto lab = test::dcos_lab();
  const std::vector<std::string> texts = {
      "no",  "on",   "null", "~",  "0x10", "1e3", "1_000",     "1:30",  "2001-01-01", "=",  "<<",
      "- a", "a: b", "#x",   "\"", "'",    "\\",  "line\nend", "\ttab", "{a}",        "*x", "!t"};
  for (const auto& text : texts) {
    lab.dcos->config["weights"] = text;
    const auto rendered = render_config(lab);
    const auto node = YAML::Load(rendered)["weights"];
    EXPECT_EQ(node.Scalar(), text) << rendered;
    EXPECT_EQ(node.Tag(), "!") << "quoted: " << rendered;
  }
}

TEST(ConfigRender, WithALoadBalancerThereIsNoMasterList) {
  auto lab = test::dcos_lab();
  lab.dcos->config = Json::parse(R"({"master_discovery": "master_http_loadbalancer"})");
  const auto values = config_values(lab);
  EXPECT_FALSE(values.contains("master_list"));
  EXPECT_EQ(values.at("num_masters"), 3);
}

TEST(ConfigRender, BootstrapUrlIsTheBootstrapNodes) {
  auto lab = test::dcos_lab();
  EXPECT_EQ(bootstrap_url(lab), "http://192.168.90.2:8080");
  lab.dcos->config["bootstrap_url"] = "http://bootstrap.dcos.test:81";
  EXPECT_EQ(bootstrap_url(lab), "http://bootstrap.dcos.test:81");
}

}  // namespace
}  // namespace vmlab

// topologies/schema.json says the same as the loader.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/load_nodes.h"
#include "lab/topology_keys.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using nlohmann::json;

const json& schema() {
  static const json parsed = json::parse(test::project_file("topologies/schema.json"));
  return parsed;
}

/// The part that describes a section; the file as a whole for `topology`.
const json& part(const std::string& section) {
  return section == "topology" ? schema() : schema().at("$defs").at(section);
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

TEST(Schema, HasTheKeysOfTheLoader) {
  for (const auto* section : keys::all()) {
    std::vector<std::string> names;
    for (const auto& [name, value] : part(section->name).at("properties").items()) {
      names.push_back(name);
    }
    EXPECT_EQ(sorted(names), sorted(section->keys)) << section->name;
    EXPECT_EQ(part(section->name).at("additionalProperties"), false) << section->name;
  }
}

TEST(Schema, DescribesEveryKey) {
  for (const auto* section : keys::all()) {
    for (const auto& [name, value] : part(section->name).at("properties").items()) {
      const auto& described = value.contains("description")
                                  ? value
                                  : part(value.at("$ref").get<std::string>().substr(8));
      EXPECT_GT(described.at("description").get<std::string>().size(), 10U) << name;
    }
  }
}

TEST(Schema, RequiresWhatTheLoaderRequires) {
  EXPECT_EQ(schema().at("required"), json({"name", "nodes"}));
  EXPECT_EQ(part("group").at("required"), json({"role"}));
  EXPECT_EQ(part("disk").at("required"), json({"mount", "size"}));
  EXPECT_EQ(part("install").at("required"), json({"dcos"}));
  EXPECT_EQ(part("dcos").at("required"), json({"release"}));
  for (const auto* section : {"network", "defaults", "node"}) {
    EXPECT_FALSE(part(section).contains("required")) << section;
  }
}

TEST(Schema, HasTheLoadersLimitsAndDefaults) {
  const auto& group = part("group").at("properties");
  EXPECT_EQ(group.at("count").at("maximum"), most_nodes);
  EXPECT_EQ(part("cpus").at("maximum"), most_cpus);
  EXPECT_EQ(schema().at("properties").at("cloud_init").at("default"), json(default_fragments()));
  const NodeDefaults defaults;
  const auto& sizes = part("defaults").at("properties");
  EXPECT_EQ(sizes.at("cpus").at("default"), defaults.cpus);
  EXPECT_EQ(sizes.at("memory").at("default"), "8GiB");
  EXPECT_EQ(defaults.memory_mib, 8U * 1024);
  EXPECT_EQ(sizes.at("disk").at("default"), "60GiB");
  EXPECT_EQ(defaults.disk_mib, 60U * 1024);
}

TEST(Schema, HasTheLoadersWords) {
  for (const auto& role : part("group").at("properties").at("role").at("enum")) {
    EXPECT_TRUE(test::problems_of("name: l\nimage: debian-12\nnodes: {n: {role: " +
                                  role.get<std::string>() + "}}")
                    .empty())
        << role;
  }
  for (const std::string key : {"accelerator", "boot"}) {
    const auto& words = schema().at("properties").at(key).at("enum");
    EXPECT_EQ(words.size(), 3U);
    for (const auto& word : words) {
      EXPECT_TRUE(test::problems_of("name: l\nimage: debian-12\nnodes: {n: {role: plain}}\n" + key +
                                    ": " + word.get<std::string>())
                      .empty())
          << key << " " << word;
    }
  }
}

TEST(Schema, IsNamedByEveryTopology) {
  for (const auto* name : {"quickstart", "dcos", "plain"}) {
    const auto text = test::project_file(std::string("topologies/") + name + ".yaml");
    EXPECT_EQ(text.find("# yaml-language-server: $schema=schema.json\n"), 0U) << name;
  }
}

}  // namespace
}  // namespace vmlab

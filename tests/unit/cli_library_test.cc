#include "cli/library.h"

#include <gtest/gtest.h>

#include <set>

#include "support/fake_world.h"

namespace vmlab {
namespace {

LibrarySearch search() {
  return {.wanted = {},
          .executable = "/build/bin/vmlab",
          .source_dir = "/source",
          .build_dir = "/build",
          .data_dir = "/usr/share/vmlab"};
}

auto exists_in(std::set<std::string> places) {
  return [places = std::move(places)](const std::filesystem::path& path) {
    return places.contains(path.string());
  };
}

TEST(Library, ABuildTreeUsesItsSource) {
  const auto places =
      find_library(search(), exists_in({"/source/images", "/usr/share/vmlab/images",
                                        "/build/practice/dcos_generate_config.sh"}));
  EXPECT_EQ(places.data, "/source");
  EXPECT_EQ(places.practice, "/build/practice/dcos_generate_config.sh");
}

TEST(Library, AnInstalledProgramUsesWhatIsBesideIt) {
  auto from = search();
  from.executable = "/opt/vmlab/bin/vmlab";
  const auto places = find_library(
      from,
      exists_in({"/source/images", "/opt/vmlab/share/vmlab/images", "/usr/share/vmlab/images"}));
  EXPECT_EQ(places.data, "/opt/vmlab/share/vmlab");
  EXPECT_TRUE(places.practice.empty());
  EXPECT_EQ(find_library(from, exists_in({"/source/images", "/usr/share/vmlab/images"})).data,
            "/usr/share/vmlab");
  EXPECT_EQ(find_library(from, exists_in({"/source/images"})).data, "/source");
}

TEST(Library, TheEnvironmentOverridesEverything) {
  auto from = search();
  from.wanted = "/mine";
  const auto places = find_library(
      from,
      exists_in({"/mine/images", "/mine/practice/dcos_generate_config.sh", "/source/images"}));
  EXPECT_EQ(places.data, "/mine");
  EXPECT_EQ(places.practice, "/mine/practice/dcos_generate_config.sh");
  EXPECT_THROW(find_library(from, exists_in({"/source/images"})), Error);
}

TEST(Library, NothingFoundNamesThePlaces) {
  try {
    find_library(search(), exists_in({}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("/usr/share/vmlab"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("VMLAB_DATA"), std::string::npos) << error.what();
  }
}

TEST(Library, ReadsYamlOnly) {
  test::FakeWorld world;
  world.files = {{"/data/images/debian-12.yaml", "a"},
                 {"/data/images/README", "no"},
                 {"/data/cloud-init/docker.yaml", "b"}};
  const auto library = read_library({"/data", "/data/practice/x.sh"}, world);
  EXPECT_EQ(library.images, (std::map<std::string, std::string>{{"debian-12", "a"}}));
  EXPECT_EQ(library.fragments, (std::map<std::string, std::string>{{"docker", "b"}}));
  EXPECT_EQ(library.practice_release, "/data/practice/x.sh");
}

}  // namespace
}  // namespace vmlab

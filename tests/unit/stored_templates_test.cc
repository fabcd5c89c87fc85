// Templates as `image list`, `verify`, `prune` and `gc` see them, and the way there by words.
#include "run/stored_templates.h"

#include <algorithm>

#include "base/digest.h"
#include "plan/forking.h"
#include "support/commands_fixture.h"

namespace vmlab {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

class StoredTemplates : public test::CommandsFixture {
 protected:
  /// A lab whose disks lie on the image of the catalogue.
  void SetUp() override {
    bring_up();
    prepared_ = world_.disk_files.at("/state/labs/small/box-1.qcow2").backing_file;
  }

  static TemplateFiles files_of(const std::string& name) {
    return Paths{"/state"}.template_files(name);
  }

  /// Its making was cut off while its guest booted.
  void begin_template(const std::string& name) {
    const auto files = files_of(name);
    world_.disk_files[files.disk] = {1, 1, "qcow2", prepared_};
    world_.files[files.seed] = "seed";
    auto& info = world_.domains_by_name[template_domain(name)].info;
    info = {template_domain(name), "u" + name, DomainState::running, Label{"template/x", "", "h"}};
    info.shape.files = {files.disk, files.seed};
  }

  void put_template(const std::string& name) {
    begin_template(name);
    world_.domains_by_name.erase(template_domain(name));
    const auto files = files_of(name);
    world_.files[files.memory] = std::string(65536, 'm');
    world_.files[files.about] =
        to_text(TemplateNote{.image = "tiny",
                             .prepared = std::filesystem::path(prepared_).filename(),
                             .cpus = 1,
                             .memory_mib = 512,
                             .disk_mib = 2048,
                             .accelerator = Accelerator::tcg});
    world_.files[files.sum] = sha256_hex(world_.files[files.memory]) + "\n";
  }

  void fork(const std::string& node, const std::string& name) {
    world_.disk_files.at("/state/labs/small/" + node + ".qcow2").backing_file = files_of(name).disk;
  }

  bool there(const std::string& name) {
    return world_.stat(Paths{"/state"}.template_directory(name)).has_value();
  }

  std::string prepared_;
};

TEST_F(StoredTemplates, AreListedWithTheirShapeAndSize) {
  put_template("aaaaaaaaaaaa");
  fork("box-2", "aaaaaaaaaaaa");
  begin_template("bbbbbbbbbbbb");
  world_.files["/state/templates/stray"] = "x";
  ASSERT_EQ(run({"image", "list"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("\n"
                      "TEMPLATE      IMAGE  SHAPE                            SIZE    LABS\n"
                      "aaaaaaaaaaaa  tiny   1 cpu, 512 MiB, disk 2 GiB, tcg  64 KiB  small\n"
                      "bbbbbbbbbbbb  -      unfinished                       5 B     -\n"),
            std::string::npos)
      << out_;
  ASSERT_EQ(run({"image", "list", "--json"}), ExitCode::done) << err_;
  const auto found = json::parse(out_)["templates"];
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["name"], "aaaaaaaaaaaa");
  EXPECT_EQ(found[0]["image"], "tiny");
  EXPECT_EQ("/state/images/" + found[0]["prepared"].get<std::string>(), prepared_);
  EXPECT_EQ(found[0]["cpus"], 1);
  EXPECT_EQ(found[0]["memory_mib"], 512);
  EXPECT_EQ(found[0]["disk_mib"], 2048);
  EXPECT_EQ(found[0]["accelerator"], "tcg");
  EXPECT_EQ(found[0]["whole"], true);
  EXPECT_GT(found[0]["allocated_bytes"], 65536);
  EXPECT_EQ(found[0]["labs"], json{"small"});
  EXPECT_EQ(found[1]["image"], nullptr);
  EXPECT_EQ(found[1]["whole"], false);
}

TEST_F(StoredTemplates, OneThatDoesNotTellWhatItIsOfIsListedAllTheSame) {
  put_template("aaaaaaaaaaaa");
  world_.files[files_of("aaaaaaaaaaaa").about] = "torn";
  ASSERT_EQ(run({"image", "list"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("\naaaaaaaaaaaa  -      -      64 KiB  -\n"), std::string::npos) << out_;
}

TEST_F(StoredTemplates, ArePrunedWhenNoLabLiesOnThem) {
  put_template("aaaaaaaaaaaa");
  put_template("bbbbbbbbbbbb");
  fork("box-1", "aaaaaaaaaaaa");
  fork("box-2", "aaaaaaaaaaaa");
  ASSERT_EQ(run({"image", "prune", "--dry-run"}), ExitCode::done) << err_;
  EXPECT_EQ(out_,
            "FILE                   SIZE\n"
            "template bbbbbbbbbbbb  64 KiB\n"
            "would remove 1 template, 64 KiB\n");
  EXPECT_TRUE(there("bbbbbbbbbbbb"));
  ASSERT_EQ(run({"image", "prune", "--json"}), ExitCode::done) << err_;
  const auto pruned = json::parse(out_);
  ASSERT_EQ(pruned["templates"].size(), 1U);
  EXPECT_EQ(pruned["templates"][0]["name"], "bbbbbbbbbbbb");
  EXPECT_EQ(pruned["templates"][0]["allocated_bytes"], pruned["allocated_bytes"]);
  EXPECT_TRUE(there("aaaaaaaaaaaa"));
  EXPECT_FALSE(there("bbbbbbbbbbbb"));
}

TEST_F(StoredTemplates, KeepTheImageThatTheyLieOn) {
  put_template("aaaaaaaaaaaa");
  fork("box-1", "aaaaaaaaaaaa");
  fork("box-2", "aaaaaaaaaaaa");
  settings_.library.images.clear();
  ASSERT_EQ(run({"image", "prune", "--all"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.disk_files.contains(prepared_)) << out_;
  EXPECT_TRUE(world_.disk_files.contains(files_of("aaaaaaaaaaaa").disk));
  ASSERT_EQ(run({"image", "list", "--json"}), ExitCode::done) << err_;
  EXPECT_EQ(json::parse(out_)["files"][0]["labs"], json{"small"}) << out_;
  // With the lab all of it goes, in one go.
  ASSERT_EQ(run({"down", "small"}), ExitCode::done) << err_;
  ASSERT_EQ(run({"image", "prune"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("removed 2 files and 1 template"), std::string::npos) << out_;
  EXPECT_FALSE(world_.disk_files.contains(prepared_)) << out_;
  EXPECT_FALSE(there("aaaaaaaaaaaa"));
}

TEST_F(StoredTemplates, WhatACutOffMakingLeftIsCollected) {
  begin_template("aaaaaaaaaaaa");
  put_template("bbbbbbbbbbbb");
  begin_template("cccccccccccc");
  world_.disk_files.erase(files_of("cccccccccccc").disk);  // only the domain is left
  world_.files.erase(files_of("cccccccccccc").seed);
  ASSERT_EQ(run({"image", "prune"}), ExitCode::done) << err_;
  EXPECT_TRUE(there("aaaaaaaaaaaa")) << "it may have a domain: gc removes both";
  put_template("bbbbbbbbbbbb");

  ASSERT_EQ(run({"gc", "--dry-run"}), ExitCode::done) << err_;
  EXPECT_EQ(out_,
            "LAB  KIND      NAME\n"
            "-    domain    vmlab-template-aaaaaaaaaaaa\n"
            "-    template  /state/templates/aaaaaaaaaaaa\n"
            "-    domain    vmlab-template-cccccccccccc\n");
  ASSERT_EQ(run({"gc", "--json"}), ExitCode::done) << err_;
  const auto collected = json::parse(out_)["templates"];
  ASSERT_EQ(collected.size(), 2U);
  EXPECT_EQ(collected[0]["name"], "aaaaaaaaaaaa");
  EXPECT_EQ(collected[0]["domain"], "vmlab-template-aaaaaaaaaaaa");
  EXPECT_EQ(collected[0]["directory"], "/state/templates/aaaaaaaaaaaa");
  EXPECT_EQ(collected[1]["directory"], nullptr);
  EXPECT_FALSE(there("aaaaaaaaaaaa"));
  EXPECT_TRUE(there("bbbbbbbbbbbb"));
  EXPECT_EQ(world_.domains_by_name.size(), 2U) << "the lab's";
  EXPECT_EQ(run({"gc"}), ExitCode::done);
  EXPECT_EQ(out_, "nothing is left over\n");
}

TEST_F(StoredTemplates, OneThatIsBeingMadeIsNoLeftover) {
  begin_template("aaaaaaaaaaaa");
  {
    const auto held = lock_template("aaaaaaaaaaaa", settings_.paths, world_);
    ASSERT_EQ(run({"gc"}), ExitCode::done) << err_;
    EXPECT_EQ(out_, "nothing is left over\n");
    // Begun, seen, and taken up by another run before it is removed.
    remove_left_template({"aaaaaaaaaaaa", template_domain("aaaaaaaaaaaa"), true}, settings_.paths,
                         ports_);
  }
  put_template("aaaaaaaaaaaa");
  remove_left_template({"aaaaaaaaaaaa", template_domain("aaaaaaaaaaaa"), true}, settings_.paths,
                       ports_);
  EXPECT_TRUE(there("aaaaaaaaaaaa"));
}

TEST_F(StoredTemplates, OthersTemplatesAreNotCollected) {
  begin_template("aaaaaaaaaaaa");
  auto& info = world_.domains_by_name[template_domain("aaaaaaaaaaaa")].info;
  info.shape.files = {"/elsewhere/templates/aaaaaaaaaaaa/disk.qcow2"};
  world_.disk_files.erase(files_of("aaaaaaaaaaaa").disk);
  world_.files.erase(files_of("aaaaaaaaaaaa").seed);
  world_.domains_by_name["vmlab-template-mine"].info = {"vmlab-template-mine", "u",
                                                        DomainState::running, std::nullopt};
  ASSERT_EQ(run({"gc"}), ExitCode::done) << err_;
  EXPECT_EQ(out_, "nothing is left over\n");
  EXPECT_EQ(world_.domains_by_name.size(), 4U);
}

TEST_F(StoredTemplates, NothingThatALabLiesOnIsCollected) {
  put_template("aaaaaaaaaaaa");
  fork("box-1", "aaaaaaaaaaaa");
  world_.files.erase(files_of("aaaaaaaaaaaa").sum);
  ASSERT_EQ(run({"gc"}), ExitCode::done) << err_;
  EXPECT_EQ(out_, "nothing is left over\n");
  EXPECT_TRUE(world_.disk_files.contains(files_of("aaaaaaaaaaaa").disk));
  ASSERT_EQ(run({"image", "list"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("disk 2 GiB, tcg, damaged"), std::string::npos) << out_;
}

/// All of it by words, from the file of an image that says it can be forked.
class ForkCommands : public test::CommandsFixture {
 protected:
  ForkCommands() { settings_.library.images["tiny"] += "forkable: true\n"; }

  std::size_t forked() {
    return static_cast<std::size_t>(std::ranges::count_if(world_.disk_files, [](const auto& entry) {
      return entry.first.starts_with("/state/labs/") &&
             entry.second.backing_file.starts_with("/state/templates/");
    }));
  }
  Names templates() {
    EXPECT_EQ(run({"image", "list", "--json"}), ExitCode::done) << err_;
    Names found;
    const auto listed = json::parse(out_);
    for (const auto& stored : listed["templates"]) {
      EXPECT_EQ(stored["image"], "tiny");
      EXPECT_EQ(stored["whole"], true);
      found.push_back(stored["name"]);
    }
    return found;
  }
};

TEST_F(ForkCommands, ATemplateServesItsLabsAndIsPrunedAfterThem) {
  serve();
  ASSERT_EQ(run({"plan", "/topologies/small.yaml"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("make a template of tiny, 2 cpus, 8 GiB"), std::string::npos) << out_;
  ASSERT_EQ(run({"up", "/topologies/small.yaml"}), ExitCode::done) << err_;
  EXPECT_EQ(forked(), 2U);
  ASSERT_EQ(templates().size(), 1U);
  EXPECT_EQ(run({"image", "verify"}), ExitCode::done) << out_;
  EXPECT_EQ(run({"gc"}), ExitCode::done);
  EXPECT_EQ(out_, "nothing is left over\n");
  ASSERT_EQ(run({"reset", "box-1", "--cold"}), ExitCode::done) << err_;
  EXPECT_EQ(forked(), 1U);
  ASSERT_EQ(run({"reset", "box-1", "--boot", "fork"}), ExitCode::done) << err_;
  EXPECT_EQ(forked(), 2U);
  ASSERT_EQ(run({"image", "prune"}), ExitCode::done) << err_;
  EXPECT_EQ(out_, "nothing to remove\n");
  ASSERT_EQ(run({"down", "small"}), ExitCode::done) << err_;
  ASSERT_EQ(run({"image", "prune"}), ExitCode::done) << err_;
  EXPECT_EQ(templates(), Names{});
}

TEST_F(ForkCommands, NoTemplateIsMadeWhereItIsNotWanted) {
  serve();
  ASSERT_EQ(run({"up", "/topologies/small.yaml", "--boot", "cold"}), ExitCode::done) << err_;
  EXPECT_EQ(forked(), 0U);
  EXPECT_EQ(templates(), Names{});
}

TEST_F(ForkCommands, WhatCannotBeForkedIsRefusedWhenItMustBe) {
  settings_.library.images["tiny"] = test::tiny_image;
  serve();
  EXPECT_EQ(run({"up", "/topologies/small.yaml", "--boot", "fork"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("image tiny cannot be forked"), std::string::npos) << err_;
  EXPECT_TRUE(world_.domains_by_name.empty());
}

TEST_F(StoredTemplates, AreVerifiedByTheirSum) {
  put_template("aaaaaaaaaaaa");
  ASSERT_EQ(run({"image", "verify"}), ExitCode::done) << out_ << err_;
  EXPECT_NE(out_.find("template aaaaaaaaaaaa"), std::string::npos) << out_;
  EXPECT_NE(out_.find("SHA-256 as saved"), std::string::npos) << out_;
  world_.files[files_of("aaaaaaaaaaaa").memory] += "x";
  EXPECT_EQ(run({"image", "verify", "tiny"}), ExitCode::failed);
  EXPECT_NE(out_.find("damaged"), std::string::npos) << out_;
}

}  // namespace
}  // namespace vmlab

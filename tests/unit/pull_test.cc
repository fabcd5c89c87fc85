// What is downloaded: images and what is known of them later, releases.
#include "run/pull.h"

#include "base/digest.h"
#include "run/apply.h"
#include "support/commands_fixture.h"

namespace vmlab {
namespace {

/// A download in the world in memory brings this text.
constexpr const char* vendors_url = "https://example.org/far.qcow2";

class PulledImages : public test::CommandsFixture {
 protected:
  PulledImages() {
    settings_.library.images["far"] =
        "description: far\nfamily: debian\ndisk: 20GiB\n"
        "download: {url: 'https://example.org/far.qcow2',"
        " checksums_url: 'https://example.org/SUMS', algorithm: sha512}\n";
    world_.answer_http = [this](const std::string&) { return HttpReply{true, 200, sums_, ""}; };
    const auto image = parse_image(settings_.library.images["far"], "images/far.yaml");
    file_ = Paths{"/state"}.base_image(image).string();
    world_.files["/vendor"] = vendors_url;
    publish(world_.digest("/vendor", "sha512", {}, {}));
  }

  void publish(const std::string& sum) { sums_ = sum + "  far.qcow2\n"; }

  std::string file_;
  std::string sums_;  // the vendor's checksum file
};

TEST_F(PulledImages, AreComparedWithWhatTheyWereVerifiedWith) {
  ASSERT_EQ(run({"image", "pull", "far"}), ExitCode::done) << err_;
  publish(std::string(128, 'a'));  // the vendor's next build
  EXPECT_EQ(run({"image", "verify", "far"}), ExitCode::done) << out_;
  EXPECT_NE(out_.find("SHA-512 as downloaded"), std::string::npos) << out_;
  world_.files[file_] = "damaged";
  EXPECT_EQ(run({"image", "verify", "far"}), ExitCode::failed) << out_;
  EXPECT_EQ(out_.find("vendor"), std::string::npos) << out_;
}

TEST_F(PulledImages, WithoutANoteAreComparedWithWhatTheCatalogueSays) {
  ASSERT_EQ(run({"image", "pull", "far"}), ExitCode::done) << err_;
  ASSERT_EQ(world_.files.erase(Paths::digest_note(file_)), 1U);
  EXPECT_EQ(run({"image", "verify", "far"}), ExitCode::done) << out_;
  EXPECT_NE(out_.find("SHA-512 as published"), std::string::npos) << out_;
  publish(std::string(128, 'a'));
  EXPECT_EQ(run({"image", "verify", "far"}), ExitCode::failed) << out_;
  EXPECT_NE(out_.find("as its vendor says today"), std::string::npos) << out_;
}

TEST_F(PulledImages, NoteOfAnotherFileIsGoneBeforeADownloadBegins) {
  const auto note = Paths::digest_note(file_);
  world_.files[note] = "sha512 " + std::string(128, 'b') + "\n";
  std::vector<bool> noted;
  for (const auto& moment : world_.moments_of([&] { run({"image", "pull", "far"}); })) {
    const bool wrong = moment.things.files.contains(file_) && moment.things.files.contains(note) &&
                       moment.things.files.at(note).find("bbbb") != std::string::npos;
    noted.push_back(wrong);
  }
  EXPECT_GE(noted.size(), 3U);
  EXPECT_EQ(std::ranges::count(noted, true), 0);
}

TEST_F(PulledImages, NoteGoesWithItsFile) {
  ASSERT_EQ(run({"image", "pull", "far"}), ExitCode::done) << err_;
  ASSERT_EQ(run({"image", "prune"}), ExitCode::done) << err_;
  EXPECT_EQ(out_, "nothing to remove\n");
  ASSERT_EQ(run({"image", "prune", "--all"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.list("/state/images").empty());
}

TEST_F(PulledImages, WhatHasComeOfACurrentOneIsKept) {
  world_.files[file_ + ".part"] = "half";
  ASSERT_EQ(run({"image", "prune"}), ExitCode::done) << err_;
  EXPECT_EQ(out_, "nothing to remove\n");
  ASSERT_EQ(run({"image", "prune", "--all"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.files.contains(file_ + ".part")) << out_;
  ASSERT_EQ(run({"image", "list"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("4 B so far"), std::string::npos) << out_;
  ASSERT_EQ(run({"image", "list", "--json"}), ExitCode::done) << err_;
  const auto listed = nlohmann::json::parse(out_);
  for (const auto& image : listed["images"]) EXPECT_TRUE(image["base"].is_null()) << out_;

  // The catalogue moves on: nobody goes on with that one.
  settings_.library.images.erase("far");
  ASSERT_EQ(run({"image", "prune"}), ExitCode::done) << err_;
  EXPECT_FALSE(world_.files.contains(file_ + ".part")) << out_;
}

/// No disk lies on a base, and no catalogue names a user's own image: the lab's topology does.
TEST_F(PulledImages, BaseOfALabsOwnImageIsKeptAsLongAsTheLabIs) {
  const auto text =
      "family: debian\ndisk: 20GiB\ndownload: {url: 'https://example.org/x.qcow2', "
      "sha256: " +
      std::string(64, 'a') + "}\n";
  const auto base = Paths{"/state"}.base_image(parse_image(text, "/topologies/own.yaml")).string();
  world_.files["/topologies/own.yaml"] = text;
  world_.files["/topologies/mine.yaml"] =
      "name: mine\nimage: ./own.yaml\ncloud_init: []\n"
      "network: {cidr: 192.168.79.0/24, domain: mine.test}\n"
      "nodes:\n  box: {role: plain, count: 1}\n";
  bring_up("/topologies/mine.yaml");
  ASSERT_TRUE(world_.files.contains(base)) << world_.snapshot();
  ASSERT_EQ(run({"image", "prune", "--all"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.files.contains(base)) << out_;
  EXPECT_TRUE(world_.files.contains(Paths::digest_note(base))) << out_;
  // What a file that cannot be read now would name is not known.
  world_.files["/topologies/mine.yaml"] = "name: [\n";
  ASSERT_EQ(run({"image", "prune", "--all"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.files.contains(base)) << out_;
  ASSERT_EQ(run({"down", "mine"}), ExitCode::done) << err_;
  ASSERT_EQ(run({"image", "prune"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.list("/state/images").empty()) << out_;
}

/// Uploads of it failed on every node with another sum, for ever.
TEST(FetchedRelease, IsFetchedAgainWhenItIsDamaged) {
  test::FakeWorld world;
  auto ports = world.ports();
  const ApplyContext context{nullptr, {"/state"}, ports};
  PlannedStep step;
  FetchRelease fetch;
  fetch.release.url = "https://example.org/dcos.sh";
  fetch.release.sha256 = sha256_hex(fetch.release.url);
  step.step = fetch;
  const auto file = local_release(fetch.release, context.paths).string();
  std::vector<std::string> remarks;
  const StepProgress progress([](const std::string&, std::uint64_t, std::uint64_t) {},
                              [&](const std::string& text) { remarks.push_back(text); });
  apply(step, context, progress, {});
  apply(step, context, progress, {});
  EXPECT_EQ(world.effects().size(), 1U) << "it was there and good";
  EXPECT_TRUE(remarks.empty());
  world.files[file] = "damaged";
  apply(step, context, progress, {});
  EXPECT_EQ(world.files.at(file), fetch.release.url);
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_NE(remarks[0].find("is damaged"), std::string::npos) << remarks[0];
  EXPECT_NE(remarks[0].find(sha256_hex("damaged")), std::string::npos) << remarks[0];
  EXPECT_NE(remarks[0].find(fetch.release.sha256), std::string::npos) << remarks[0];
}

}  // namespace
}  // namespace vmlab

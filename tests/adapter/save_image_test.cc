// Headers of libvirt's save images, and copies of them on a real file system.
#include "host/save_image.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "adapter/temp_dir.h"
#include "base/error.h"
#include "host/adapters.h"
#include "lab/domain_xml.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mib = 1 << 20;

SaveHeader sample() {
  return {.version = 2,
          .was_running = 1,
          .compression = 0,
          .xml = "<domain><name>a</name></domain>",
          .cookie = "<qemu/>",
          .block_bytes = 200};
}

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

TEST(SaveHeader, IsReadAsItWasWritten) {
  const auto header = sample();
  const auto data = render_save_header(header);
  EXPECT_EQ(data.size(), save_header_bytes + header.block_bytes);
  EXPECT_TRUE(data.starts_with("LibvirtQemudSave"));
  const auto read = parse_save_header(data, "a.save");
  EXPECT_EQ(read.cookie, header.cookie);
  EXPECT_EQ(read.block_bytes, header.block_bytes);
  EXPECT_EQ(read.was_running, 1U);
  // The rest of its place is blanks.
  EXPECT_EQ(read.xml.substr(0, header.xml.size()), header.xml);
  EXPECT_EQ(read.xml.find_first_not_of(' ', header.xml.size()), std::string::npos);
}

TEST(SaveHeader, ManagesWithoutACookie) {
  auto header = sample();
  header.cookie.clear();
  const auto read = parse_save_header(render_save_header(header), "a.save");
  EXPECT_TRUE(read.cookie.empty());
  EXPECT_TRUE(read.xml.starts_with(header.xml));
}

TEST(SaveHeader, MustFit) {
  auto header = sample();
  header.xml.assign(header.block_bytes - header.cookie.size() - 2, 'x');
  EXPECT_NO_THROW(render_save_header(header));
  header.xml += 'x';
  EXPECT_THROW(render_save_header(header), Error);
}

TEST(SaveHeader, OfAnotherFormatVersionOrTornIsRefusedByName) {
  const auto data = render_save_header(sample());
  const auto refused = [](std::string bytes) -> std::string {
    try {
      parse_save_header(bytes, "a.save");
      return "nothing";
    } catch (const Error& error) {
      return error.what();
    }
  };
  auto other = data;
  other[16] = 3;
  EXPECT_NE(refused(other).find("'a.save': its version is 3"), std::string::npos) << refused(other);
  other = data;
  other[3] = 'X';
  EXPECT_NE(refused(other).find("does not begin as"), std::string::npos);
  EXPECT_NE(refused(data.substr(0, data.size() - 1)).find("torn"), std::string::npos);
  EXPECT_NE(refused("").find("does not begin as"), std::string::npos);
  other = data;
  other[23] = 127;  // length of the block
  EXPECT_NE(refused(other).find("damaged"), std::string::npos);
}

TEST(SaveImage, CopyHasAnotherHeaderTheSameStreamAndTheSameHoles) {
  const TempDir directory;
  const auto from = directory / "from";
  const std::string stream = "memory" + std::string(mib, 'm');
  {
    std::ofstream out(from, std::ios::binary);
    out << render_save_header(sample()) << stream;
    out.seekp(16 * mib);
    out << "end";
  }
  auto header = read_save_header(from);
  header.xml = "<domain><name>another</name></domain>";
  copy_save_image(from, directory / "to", header, {});
  const auto before = text_of(from);
  const auto after = text_of(directory / "to");
  const auto head = save_header_bytes + header.block_bytes;
  ASSERT_EQ(after.size(), before.size());
  EXPECT_TRUE(after.substr(head) == before.substr(head));
  EXPECT_TRUE(read_save_header(directory / "to").xml.starts_with(header.xml));
  struct stat info {};
  ASSERT_EQ(stat((directory / "to").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_LT(static_cast<std::size_t>(info.st_blocks) * 512, 8 * mib);
}

TEST(SaveImage, StoppedCopyThrows) {
  const TempDir directory;
  write_text(directory / "from", render_save_header(sample()) + "memory");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(copy_save_image(directory / "from", directory / "to",
                               read_save_header(directory / "from"), stop.get_token()),
               Cancelled);
}

TEST(SaveImage, ForkedMemoryBelongsToTheNodeAndAppearsWhole) {
  const TempDir directory;
  auto lab = test::quickstart();
  lab.accelerator = Accelerator::tcg;
  const auto& node = lab.node("master-1");
  auto header = sample();
  header.xml =
      template_xml(lab, node, "vmlab-template-1", {"/t.qcow2", {}, "/t.iso", "/t.log"}).xml;
  header.block_bytes = header.xml.size() + 100;
  write_text(directory / "memory", render_save_header(header) + "memory");
  const auto images = make_guestfs(false);
  const auto own = domain_xml(lab, node, {"/n.qcow2", {}, "/n.iso", "/n.log"}).xml;
  images->fork_memory(directory / "memory", directory / "forked", own, {});
  const auto forked = read_save_header(directory / "forked");
  EXPECT_NE(forked.xml.find("<name>" + node.domain_name + "</name>"), std::string::npos);
  EXPECT_NE(forked.xml.find("/n.qcow2"), std::string::npos);
  EXPECT_EQ(forked.cookie, header.cookie);
  EXPECT_TRUE(text_of(directory / "forked").ends_with("memory"));
  write_text(directory / "memory", "no save image");
  EXPECT_THROW(images->fork_memory(directory / "memory", directory / "other", own, {}), Error);
  EXPECT_FALSE(fs::exists(directory / "other"));
}

}  // namespace
}  // namespace vmlab

// Headers of libvirt's save images, and copies of them on a real file system.
#include "host/save_image.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "adapter/ram_stream.h"
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

bool shares_blocks(const TempDir& directory) {
  write_text(directory / "x", "x");
  const int from = ::open((directory / "x").c_str(), O_RDONLY | O_CLOEXEC);
  const int to = ::open((directory / "y").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const bool shared = ::ioctl(to, FICLONE, from) == 0;
  ::close(from);
  ::close(to);
  return shared;
}

/// A copy that has its size has had its turn; its own header is the last that is written.
bool in_flight(const fs::path& copy) {
  std::error_code none;
  if (fs::file_size(copy, none) == 0 || none) return false;
  std::string begin(save_header_bytes + 8, '\0');
  std::ifstream(copy, std::ios::binary).read(begin.data(), static_cast<long>(begin.size()));
  return !begin.ends_with("<another");
}

TEST(SaveImage, OfTwoCopiesStartedTogetherOneIsInFlight) {
  const TempDir directory;
  if (shares_blocks(directory)) GTEST_SKIP() << "this file system shares blocks";
  std::vector<fs::path> sources;
  for (const auto* name : {"one", "two"}) {
    fs::create_directory(directory / name);
    sources.push_back(directory / name / "memory");
    write_text(sources.back(), render_save_header(sample()) + std::string(96 * mib, 'm'));
  }
  auto header = sample();
  header.xml = "<another/>";
  const std::vector<fs::path> copies = {directory / "a", directory / "b"};
  std::atomic<int> copying = 2;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      copy_save_image(sources[i], copies[i], header, {});
      --copying;
    });
  }
  while (copying > 0) {
    // What is in flight before and after a look at the other is so during it.
    if (!in_flight(copies[0])) continue;
    const bool other = in_flight(copies[1]);
    EXPECT_FALSE(other && in_flight(copies[0]));
  }
  threads.clear();
  for (const auto& copy : copies) {
    EXPECT_FALSE(in_flight(copy));
    EXPECT_EQ(fs::file_size(copy), fs::file_size(sources[0]));
  }
}

TEST(SaveImage, ACopyWhoseTurnDoesNotComeCanBeStopped) {
  const TempDir directory;
  if (shares_blocks(directory)) GTEST_SKIP() << "this file system shares blocks";
  fs::create_directory(directory / "one");
  const auto from = directory / "one" / "memory";
  write_text(from, render_save_header(sample()) + "memory");
  const int other = ::open((directory / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  std::stop_source stop;
  std::jthread later([&] {
    while (!fs::exists(directory / "to")) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_THROW(copy_save_image(from, directory / "to", sample(), stop.get_token()), Cancelled);
  EXPECT_EQ(fs::file_size(directory / "to"), 0U) << "nothing is copied before its turn";
  ::close(other);  // as its process's end does
  copy_save_image(from, directory / "again", sample(), {});
  EXPECT_EQ(text_of(directory / "again"), text_of(from));
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

/// 16 MiB, one page of them in use.
std::string saved_memory() {
  using namespace test_stream;
  std::string pages = page(0, 'm', "pc.ram");
  for (std::uint64_t at = page_bytes; at < 16 * mib; at += page_bytes) pages += zero(at);
  return stream(pages);
}

TEST(SaveImage, LosesItsZeroPagesAndNothingElse) {
  const TempDir directory;
  const auto file = directory / "memory";
  write_text(file, render_save_header(sample()) + saved_memory());
  const auto before = fs::file_size(file);
  leave_out_zero_pages(file);
  // All but the pages of the first MiB, at nine bytes each.
  EXPECT_EQ(before - fs::file_size(file), 15 * mib / 4096 * 9);
  EXPECT_EQ(read_save_header(file).cookie, sample().cookie);
  EXPECT_TRUE(text_of(file).ends_with("\x04the devices"));
  struct stat info {};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory / ""), {}), 1);
}

TEST(SaveImage, OfAnotherFormatKeepsItsZeroPages) {
  const TempDir directory;
  for (const auto& text :
       {std::string("TestGuestMagic"), render_save_header(sample()) + "memory"}) {
    write_text(directory / "memory", text);
    leave_out_zero_pages(directory / "memory");
    EXPECT_EQ(text_of(directory / "memory"), text);
    EXPECT_EQ(std::distance(fs::directory_iterator(directory / ""), {}), 1);
  }
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

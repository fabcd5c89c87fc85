#include "host/ssh_transfer.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>

#include "base/error.h"
#include "base/text.h"

namespace vmlab {

namespace {

namespace fs = std::filesystem;

/// Reading and hashing a file may go as slowly as this in an emulated guest with a busy disk.
constexpr std::uint64_t slowest_bytes_per_s = std::uint64_t{4} * 1024 * 1024;
constexpr std::chrono::seconds short_limit{60};

constexpr int wrong_sum = 66;  // exit code of our own scripts

std::chrono::seconds limit_for(std::uint64_t bytes) {
  return short_limit + std::chrono::seconds(bytes / slowest_bytes_per_s);
}

std::ifstream open_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("cannot read '{}'", path.string()));
  return file;
}

class Uploader {
 public:
  Uploader(const Upload& upload, const RunScript& run, const Progress& progress)
      : upload_(upload),
        run_(run),
        progress_(progress),
        size_(fs::file_size(upload.local)),
        remote_(shell_quote(upload.remote)),
        part_(shell_quote(upload.remote + ".part")) {}

  void go() {
    constexpr std::uint64_t small = std::uint64_t{512} * 1024;
    if (size_ <= small) {
      send(0, fmt::format("{}\n{}", receive_script(0), finish_script()));
      return;
    }
    auto offset = begin();
    if (!offset) return;
    const bool resumed = *offset > 0;
    send_all(*offset);
    if (finish()) return;
    // What had been there before was not the beginning of this file.
    if (!resumed) throw mismatch();
    send_all(0);
    if (!finish()) throw mismatch();
  }

 private:
  struct Answer {
    int exit_code = 0;
    std::string out;
    std::string err;
  };

  Answer ask(const std::string& script, std::chrono::seconds limit) {
    Answer answer;
    answer.exit_code = run_(script,
                            {.input = {},
                             .out = [&](std::string_view data) { answer.out += data; },
                             .err = [&](std::string_view data) { answer.err += data; }},
                            limit);
    return answer;
  }

  /// How much of the file is in the guest already; nullopt: all, in its place.
  std::optional<std::uint64_t> begin() {
    tell("looking", 0);
    const auto directory = shell_quote(fs::path(upload_.remote).parent_path().string());
    const auto answer =
        ask(fmt::format("mkdir -p {0} || exit\n"
                        "if [ -f {1} ] && [ \"$(wc -c <{1})\" -eq {2} ] &&\n"
                        "  [ \"$(sha256sum <{1} | cut -c1-64)\" = {3} ]; then\n"
                        "  chmod {4:o} {1} && echo there; exit\n"
                        "fi\n"
                        "if [ -f {5} ]; then wc -c <{5}; else echo 0; fi",
                        directory, remote_, size_, upload_.sha256, upload_.mode, part_),
            limit_for(size_));
    if (answer.exit_code != 0) throw failure(answer.err);
    const auto text = trim(answer.out);
    if (text == "there") return std::nullopt;
    std::uint64_t offset = 0;
    std::from_chars(text.data(), text.data() + text.size(), offset);
    return offset > size_ ? 0 : offset;
  }

  /// A broken connection is no reason to give up while each attempt brings something across.
  void send_all(std::uint64_t offset) {
    while (offset < size_ || size_ == 0) {
      try {
        send(offset, receive_script(offset));
        return;
      } catch (const Unreachable&) {
        const auto reached = begin();
        if (!reached) return;
        if (*reached <= offset) throw;
        offset = *reached;
      }
    }
  }

  std::string receive_script(std::uint64_t offset) const {
    return fmt::format("mkdir -p {} && cat {} {} || exit",
                       shell_quote(fs::path(upload_.remote).parent_path().string()),
                       offset == 0 ? ">" : ">>", part_);
  }

  std::string finish_script() const {
    return fmt::format(
        "sum=$(sha256sum <{0} | cut -c1-64)\n"
        "[ \"$sum\" = {1} ] || {{ echo \"$sum\" >&2; rm -f {0}; exit {2}; }}\n"
        "chmod {3:o} {0} && mv -f {0} {4}",
        part_, upload_.sha256, wrong_sum, upload_.mode, remote_);
  }

  void send(std::uint64_t offset, const std::string& script) {
    auto file = open_file(upload_.local);
    file.seekg(static_cast<std::streamoff>(offset));
    std::uint64_t done = offset;
    std::string err;
    const int code = run_(script,
                          {.input =
                               [&](char* buffer, std::size_t size) {
                                 file.read(buffer, static_cast<std::streamsize>(size));
                                 const auto count = static_cast<std::size_t>(file.gcount());
                                 done += count;
                                 tell("sending", done);
                                 return count;
                               },
                           .out = {},
                           .err = [&](std::string_view data) { err += data; }},
                          limit_for(size_ - offset));
    if (code == wrong_sum) {
      found_ = trim(err);
      throw mismatch();
    }
    if (code != 0) throw failure(err);
  }

  /// False: the sum was wrong, and the part is gone.
  bool finish() {
    tell("verifying", size_);
    const auto answer = ask(finish_script(), limit_for(size_));
    if (answer.exit_code == wrong_sum) {
      found_ = trim(answer.err);
      return false;
    }
    if (answer.exit_code != 0) throw failure(answer.err);
    return true;
  }

  void tell(const std::string& what, std::uint64_t done) const {
    if (!progress_) return;
    progress_(fmt::format("{} {}", what, upload_.local.filename().string()), done, size_);
  }

  Error failure(const std::string& err) const {
    return Error(fmt::format("cannot copy '{}' to {}:{}: {}", upload_.local.string(), upload_.node,
                             upload_.remote, err.empty() ? "no cause given" : trim(err)));
  }
  Error mismatch() const {
    return failure(fmt::format("its SHA-256 is {} there and should be {}", found_, upload_.sha256));
  }

  const Upload& upload_;
  const RunScript& run_;
  const Progress& progress_;
  std::uint64_t size_;
  std::string remote_;
  std::string part_;
  std::string found_;
};

}  // namespace

void ssh_upload(const Upload& upload, const RunScript& run, const Progress& progress) {
  std::error_code error;
  if (!fs::is_regular_file(upload.local, error)) {
    throw Error(fmt::format("cannot copy '{}' to {}: {}", upload.local.string(), upload.node,
                            error ? error.message() : "not a file"));
  }
  Uploader(upload, run, progress).go();
}

void ssh_download(const SshDownload& download, const RunScript& run, const Progress& progress) {
  const auto& local = download.local;
  const auto fail = [&](const std::string& cause) {
    return Error(fmt::format("cannot copy {}:{} to '{}': {}", download.node, download.remote,
                             local.string(), cause));
  };
  std::error_code error;
  if (local.has_parent_path()) fs::create_directories(local.parent_path(), error);
  const fs::path part = local.string() + ".part";
  std::string err;
  int code = 0;
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    if (!file) throw fail("cannot write there: " + std::generic_category().message(errno));
    std::uint64_t done = 0;
    try {
      code = run("cat <" + shell_quote(download.remote),
                 {.input = {},
                  .out =
                      [&](std::string_view data) {
                        file.write(data.data(), static_cast<std::streamsize>(data.size()));
                        if (!file) {
                          throw fail("cannot write: " + std::generic_category().message(errno));
                        }
                        done += data.size();
                        if (progress) progress("receiving " + local.filename().string(), done, 0);
                      },
                  .err = [&](std::string_view data) { err += data; }},
                 std::chrono::hours(1));
      file.close();
      if (code != 0) throw fail(err.empty() ? "no cause given" : std::string(trim(err)));
      if (!file) throw fail("cannot write: " + std::generic_category().message(errno));
      fs::permissions(part, static_cast<fs::perms>(download.mode & 0777U));
      fs::rename(part, local);
    } catch (...) {
      fs::remove(part, error);
      throw;
    }
  }
}

}  // namespace vmlab

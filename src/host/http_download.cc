#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "host/http.h"
#include "host/http_transfer.h"
#include "host/pause.h"
#include "host/posix_files.h"

namespace vmlab {

namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  for (auto& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

/// `bytes 5-9/10` or `bytes */10`.
struct ContentRange {
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> total;
  static ContentRange parse(std::string_view text) {
    ContentRange range;
    if (!text.starts_with("bytes ")) return range;
    text.remove_prefix(6);
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return range;
    range.total = number(text.substr(slash + 1));
    range.first = number(text.substr(0, text.find('-')));
    return range;
  }
};

/// May well go better the next time.
bool passing(CURLcode code) {
  static const std::set<CURLcode> codes{
      CURLE_PARTIAL_FILE,       CURLE_RECV_ERROR,      CURLE_SEND_ERROR,
      CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING,     CURLE_HTTP2,
      CURLE_HTTP2_STREAM,       CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST};
  return codes.contains(code);
}

bool passing(int status) {
  return status >= 500 || status == 408 || status == 429;
}

class Downloader {
 public:
  Downloader(const Download& download, const Progress& progress, const std::stop_token& stop)
      : download_(download),
        progress_(progress),
        stop_(stop),
        digest_(lower(download.digest)),
        part_(download.path.string() + ".part"),
        version_file_(part_.string() + ".version"),
        text_(fmt::format("downloading {}", download.path.filename().string())) {}

  void go() {
    make_directories(download_.path.parent_path(), 0755);
    const bool continued = offset() > 0;
    fetch_all();
    if (digest_.empty()) return keep();
    auto found = file_digest(part_, download_.algorithm, progress_, stop_);
    if (found != digest_ && continued) {
      // The beginning may have been that of another file.
      discard();
      fetch_all();
      found = file_digest(part_, download_.algorithm, progress_, stop_);
    }
    if (found == digest_) return keep();
    const auto size = offset();
    discard();
    throw failure(fmt::format("its {} is {} and should be {} ({})", download_.algorithm, found,
                              digest_, format_bytes(size)),
                  "check the digest where the file is offered; a proxy may also have changed it");
  }

 private:
  struct Interrupted {
    std::string cause;
  };

  std::uint64_t offset() const {
    std::error_code error;
    const auto size = fs::file_size(part_, error);
    return error ? 0 : size;
  }

  void fetch_all() {
    constexpr std::array<std::chrono::milliseconds, 3> pauses{std::chrono::milliseconds(250),
                                                              std::chrono::milliseconds(1000),
                                                              std::chrono::milliseconds(4000)};
    std::size_t in_vain = 0;
    while (true) {
      const auto before = offset();
      try {
        fetch();
        return;
      } catch (const Interrupted& interrupted) {
        const bool gained = offset() > before;
        in_vain = gained ? 0 : in_vain + 1;
        if (in_vain > pauses.size()) throw failure(interrupted.cause, "run again to continue");
        if (in_vain > 0) pause(pauses.at(in_vain - 1), stop_);
      }
    }
  }

  void fetch() {
    // Without a digest only the server can tell whether the file is still the same one.
    const auto version = digest_.empty() ? read_file(version_file_).value_or("") : "";
    if (digest_.empty() && version.empty()) discard();
    const auto from = offset();
    HttpTransfer transfer;
    prepare(transfer, from, version);
    FileDescriptor file;
    std::uint64_t done = 0;
    std::uint64_t told = 0;
    std::uint64_t total = 0;
    transfer.on_body = [&](std::string_view data) {
      if (transfer.status() != 200 && transfer.status() != 206) return true;
      if (!file) {
        done = transfer.status() == 206 ? from : 0;
        total = expected_size(transfer, from);
        file = begin(transfer, done, total);
      }
      write_all(file.get(), data, part_);
      done += data.size();
      if (progress_ && (told == 0 || done - told >= std::uint64_t{256} * 1024 || done == total)) {
        told = done;
        progress_(text_, done, total);
      }
      return true;
    };
    judge(transfer, transfer.perform(stop_), from);
    if (!file && transfer.status() == 200) file = begin(transfer, 0, 0);  // an empty file
  }

  void prepare(HttpTransfer& transfer, std::uint64_t from, const std::string& version) const {
    transfer.set(CURLOPT_URL, download_.url.c_str());
    transfer.follow_redirects(download_.url);
    // Less than a byte a second for a minute: the other side is gone.
    transfer.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    transfer.set(CURLOPT_LOW_SPEED_TIME, 60L);
    if (from == 0) return;
    // As a header of our own: with CURLOPT_RESUME_FROM libcurl makes a server that sends the whole
    // file into an error.
    transfer.add_header(fmt::format("Range: bytes={}-", from));
    if (!version.empty()) transfer.add_header("If-Range: " + version);
  }

  std::uint64_t expected_size(const HttpTransfer& transfer, std::uint64_t from) const {
    if (transfer.status() == 200) return number(transfer.header("content-length")).value_or(0);
    const auto range = ContentRange::parse(transfer.header("content-range"));
    if (range.first != from) {
      throw failure(fmt::format("the server sends another part than the one asked for ({})",
                                transfer.header("content-range")),
                    "");
    }
    return range.total.value_or(0);
  }

  FileDescriptor begin(const HttpTransfer& transfer, std::uint64_t from, std::uint64_t total) {
    if (total > from && total - from > free_bytes_at(part_)) {
      throw failure(fmt::format("{} are to come and {} are free", format_bytes(total - from),
                                format_bytes(free_bytes_at(part_))),
                    "free space on that disk, or use --state-dir");
    }
    FileDescriptor file{::open(
        part_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (from == 0 ? O_TRUNC : O_APPEND), 0644)};
    if (!file) throw_errno("write", part_);
    // A weak validator cannot stand in If-Range.
    auto version = transfer.header("etag");
    if (version.empty() || version.starts_with("W/")) version = transfer.header("last-modified");
    if (digest_.empty() && from == 0) write_file(version_file_, version, 0644);
    return file;
  }

  /// Returns when the file is whole.
  void judge(const HttpTransfer& transfer, CURLcode code, std::uint64_t from) {
    const int status = transfer.status();
    received_ = received_ || status != 0;
    if (status == 416 && from > 0) {
      if (ContentRange::parse(transfer.header("content-range")).total == from) return;
      discard();
      throw Interrupted{"what was there is longer than the file"};
    }
    if (code != CURLE_OK) {
      const bool connecting = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
      if (passing(code) && (received_ || !connecting)) throw Interrupted{transfer.error()};
      throw failure(transfer.error(),
                    connecting ? "check the URL, the network and https_proxy" : "");
    }
    if (status == 200 || status == 206) return;
    const auto cause = fmt::format("the server answers with status {}", status);
    if (passing(status)) throw Interrupted{cause};
    throw failure(cause, "check the URL");
  }

  void keep() {
    const FileDescriptor file{::open(part_.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file || fsync(file.get()) != 0) throw_errno("write", part_);
    if (::rename(part_.c_str(), download_.path.c_str()) != 0) throw_errno("write", download_.path);
    sync_directory(download_.path.parent_path());
    ::unlink(version_file_.c_str());
  }

  void discard() const {
    ::unlink(part_.c_str());
    ::unlink(version_file_.c_str());
  }

  Error failure(const std::string& cause, const std::string& hint) const {
    return Error(fmt::format("cannot download '{}': {}", download_.url, cause), hint);
  }

  const Download& download_;
  const Progress& progress_;
  const std::stop_token& stop_;
  std::string digest_;
  fs::path part_;
  fs::path version_file_;
  std::string text_;
  bool received_ = false;  // some answer has come
};

}  // namespace

void http_download(const Download& download, const Progress& progress,
                   const std::stop_token& stop) {
  std::error_code error;
  if (!download.digest.empty() && fs::is_regular_file(download.path, error) &&
      file_digest(download.path, download.algorithm, progress, stop) == lower(download.digest)) {
    return;
  }
  Downloader(download, progress, stop).go();
}

}  // namespace vmlab

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
#include "host/http_part.h"
#include "host/http_transfer.h"
#include "host/pause.h"

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
        part_(download.path, progress, stop),
        version_file_(part_.path().string() + ".version"),
        text_(fmt::format("downloading {}", download.path.filename().string())) {}

  void go() {
    const bool continued = part_.size() > 0;
    fetch_all();
    if (digest_.empty()) return keep();
    auto found = part_digest();
    if (found != digest_ && continued) {
      // The beginning may have been that of another file.
      discard();
      fetch_all();
      found = part_digest();
    }
    if (found == digest_) return keep();
    const auto size = part_.size();
    discard();
    throw failure(fmt::format("its {} is {} and should be {} ({})", download_.algorithm, found,
                              digest_, format_bytes(size)),
                  "check the digest where the file is offered; a proxy may also have changed it");
  }

 private:
  struct Interrupted {
    std::string cause;
  };

  std::string part_digest() const {
    return file_digest(part_.path(), download_.algorithm, progress_, stop_);
  }

  void fetch_all() {
    constexpr std::array<std::chrono::milliseconds, 3> pauses{std::chrono::milliseconds(250),
                                                              std::chrono::milliseconds(1000),
                                                              std::chrono::milliseconds(4000)};
    std::size_t in_vain = 0;
    while (true) {
      const auto before = part_.size();
      try {
        fetch();
        return;
      } catch (const Interrupted& interrupted) {
        const bool gained = part_.size() > before;
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
    const auto from = part_.size();
    HttpTransfer transfer;
    prepare(transfer, from, version);
    bool begun = false;
    std::uint64_t done = 0;
    std::uint64_t told = 0;
    std::uint64_t total = 0;
    transfer.on_body = [&](std::string_view data) {
      if (transfer.status() != 200 && transfer.status() != 206) return true;
      if (!begun) {
        done = transfer.status() == 206 ? from : 0;
        total = expected_size(transfer, from);
        begin(transfer, done, total);
        begun = true;
      }
      part_.append(data);
      done += data.size();
      if (progress_ && (told == 0 || done - told >= std::uint64_t{256} * 1024 || done == total)) {
        told = done;
        progress_(text_, done, total);
      }
      return true;
    };
    judge(transfer, transfer.perform(stop_), from);
    if (!begun && transfer.status() == 200) begin(transfer, 0, 0);  // an empty file
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

  void begin(const HttpTransfer& transfer, std::uint64_t from, std::uint64_t total) const {
    const auto room = free_bytes_at(part_.path());
    if (total > from && total - from > room) {
      throw failure(fmt::format("{} are to come and {} are free", format_bytes(total - from),
                                format_bytes(room)),
                    "free space on that disk, or use --state-dir");
    }
    if (from == 0) part_.clear();
    // A weak validator cannot stand in If-Range.
    auto version = transfer.header("etag");
    if (version.empty() || version.starts_with("W/")) version = transfer.header("last-modified");
    if (digest_.empty() && from == 0) write_file(version_file_, version, 0644);
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
    part_.become_target();
    ::unlink(version_file_.c_str());
  }

  void discard() const {
    part_.clear();
    ::unlink(version_file_.c_str());
  }

  Error failure(const std::string& cause, const std::string& hint) const {
    return Error(fmt::format("cannot download '{}': {}", download_.url, cause), hint);
  }

  const Download& download_;
  const Progress& progress_;
  const std::stop_token& stop_;
  std::string digest_;
  PartFile part_;
  fs::path version_file_;
  std::string text_;
  bool received_ = false;  // some answer has come
};

/// Whether the file is there and what is asked for.
bool is_good(const Download& download, const Progress& progress, const std::stop_token& stop) {
  std::error_code error;
  if (!fs::is_regular_file(download.path, error)) return false;
  return download.digest.empty() ||
         file_digest(download.path, download.algorithm, progress, stop) == lower(download.digest);
}

/// Another one after each rename to `path`; nullopt: no file.
std::optional<std::pair<ino_t, std::int64_t>> identity_of(const fs::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return std::pair{found.st_ino,
                   std::int64_t{found.st_ctim.tv_sec} * 1'000'000'000 + found.st_ctim.tv_nsec};
}

}  // namespace

void http_download(const Download& download, const Progress& progress,
                   const std::stop_token& stop) {
  const auto seen = identity_of(download.path);
  if (!download.digest.empty() && is_good(download, progress, stop)) return;
  Downloader downloader(download, progress, stop);
  const bool fetched_meanwhile = identity_of(download.path) != seen;
  if (fetched_meanwhile && is_good(download, progress, stop)) return;
  downloader.go();
}

}  // namespace vmlab

#include "run/pull.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace vmlab {

namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_hex(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

std::optional<std::string> find_digest(std::string_view checksums, std::string_view file_name) {
  for (const auto& line : lines(checksums)) {
    if (const auto tagged = line.find(" = "); tagged != std::string::npos) {
      const auto open = line.find('(');
      const auto close = line.find(')');
      if (open == std::string::npos || close == std::string::npos || close < open) continue;
      const auto hex = std::string(trim(std::string_view(line).substr(tagged + 3)));
      if (line.substr(open + 1, close - open - 1) == file_name && is_hex(hex)) return lower(hex);
      continue;
    }
    const auto blank = line.find(' ');
    if (blank == std::string::npos) continue;
    auto name = trim(std::string_view(line).substr(blank));
    if (name.starts_with('*')) name.remove_prefix(1);
    if (name.starts_with("./")) name.remove_prefix(2);
    if (name == file_name && is_hex(line.substr(0, blank))) return lower(line.substr(0, blank));
  }
  return std::nullopt;
}

std::string expected_digest(const Image& image, Ports& ports, std::stop_token stop) {
  const auto& source = std::get<DownloadSource>(image.source);
  if (!source.sha256.empty()) return source.sha256;
  const auto reply = ports.system.http_get(source.checksums_url, std::chrono::seconds(60), stop);
  if (!reply.reached || reply.status != 200) {
    throw Error(fmt::format(
        "cannot verify image '{}': no checksum file at '{}': {}", image.name, source.checksums_url,
        reply.reached ? fmt::format("HTTP status {}", reply.status) : reply.error));
  }
  const auto name = source.url.substr(source.url.rfind('/') + 1);
  const auto digest = find_digest(reply.body, name);
  if (!digest) {
    throw Error(fmt::format("cannot verify image '{}': '{}' does not name '{}'", image.name,
                            source.checksums_url, name));
  }
  return *digest;
}

void pull_image(const Image& image, const Paths& paths, Ports& ports, const StepProgress& progress,
                std::stop_token stop) {
  const auto path = paths.base_image(image);
  if (ports.system.stat(path)) return;
  const auto& source = std::get<DownloadSource>(image.source);
  const auto digest = expected_digest(image, ports, stop);
  ports.system.make_directory(paths.images(), 0711);
  ports.system.download(source.url, path, source.sha256.empty() ? source.algorithm : "sha256",
                        digest, progress, stop);
}

}  // namespace vmlab

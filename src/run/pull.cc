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

std::optional<Digest> noted_digest(const Image& image, const Paths& paths, System& system) {
  const auto text = system.read(Paths::digest_note(paths.base_image(image))).value_or("");
  const auto words = split(trim(text), ' ');
  if (words.size() != 2 || !is_hex(words[1])) return std::nullopt;
  if (words[0] != "sha256" && words[0] != "sha512") return std::nullopt;
  return Digest{words[0], words[1]};
}

Digest expected_digest(const Image& image, Ports& ports, std::stop_token stop) {
  const auto& source = std::get<DownloadSource>(image.source);
  if (!source.sha256.empty()) return {"sha256", source.sha256};
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
  return {source.algorithm, *digest};
}

void pull_image(const Image& image, const Paths& paths, Ports& ports, const StepProgress& progress,
                std::stop_token stop) {
  const auto path = paths.base_image(image);
  if (ports.system.stat(path)) return;
  const auto& source = std::get<DownloadSource>(image.source);
  const auto digest = expected_digest(image, ports, stop);
  ports.system.make_directory(paths.images(), 0711);
  const auto note = Paths::digest_note(path);
  // First: after a power cut it would speak of another file than the one that came.
  ports.system.remove(note);
  ports.system.download(source.url, path, digest.algorithm, digest.hex, progress, stop);
  ports.system.write(note, fmt::format("{} {}\n", digest.algorithm, digest.hex), 0644);
}

}  // namespace vmlab

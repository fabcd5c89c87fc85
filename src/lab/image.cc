#include "lab/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/digest.h"
#include "base/text.h"
#include "base/units.h"
#include "lab/section.h"

namespace vmlab {

namespace {

const TopologySection image_keys{"image",
                                 {"description", "family", "build", "download", "format", "disk",
                                  "kernel_arguments", "packages", "files", "commands", "forkable"}};
const TopologySection build_keys{"build", {"suite", "packages"}};
const TopologySection download_keys{"download", {"url", "sha256", "checksums_url", "algorithm"}};

bool is_image_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 &&
         std::ranges::all_of(name,
                             [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                      c == '-' || c == '.';
                             }) &&
         name.front() != '-' && name.front() != '.';
}

/// One word for a package manager or a kernel: nothing that a shell or a list would split.
bool is_word(std::string_view text, std::string_view extra) {
  return !text.empty() && text.front() != '-' && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

class ImageReader {
 public:
  ImageReader(const YamlTree& tree, Problems& problems)
      : problems_(problems), top_(tree, image_keys, problems) {}

  Image read();

 private:
  void read_source();
  BuildSource build_source(const YamlTree& tree);
  DownloadSource download_source(const YamlTree& tree);
  void read_files(const YamlTree& tree);
  void read_commands(const YamlTree& tree);
  std::vector<std::string> words(const Section& section, const std::string& key,
                                 std::string_view extra);
  std::string url(const Section& section, const std::string& key);

  Problems& problems_;
  Section top_;
  Image image_;
};

std::vector<std::string> ImageReader::words(const Section& section, const std::string& key,
                                            std::string_view extra) {
  std::vector<std::string> words;
  for (const auto& [text, mark] : section.texts(key).value_or(std::vector<Placed<std::string>>{})) {
    if (is_word(text, extra)) {
      words.push_back(text);
    } else {
      problems_.add(mark, fmt::format("{} cannot stand in '{}'", shown(text), key));
    }
  }
  return words;
}

std::string ImageReader::url(const Section& section, const std::string& key) {
  const auto text = section.text(key);
  if (!text) return {};
  if (!text->value.starts_with("https://")) {
    problems_.add(text->mark,
                  fmt::format("'{}' must begin with https://, not {}", key, shown(text->value)));
  }
  return text->value;
}

BuildSource ImageReader::build_source(const YamlTree& tree) {
  const Section section(tree, build_keys, problems_);
  BuildSource source;
  section.require("suite");
  if (const auto suite = section.text("suite")) {
    source.suite = suite->value;
    if (!is_word(suite->value, "-")) {
      problems_.add(suite->mark, "bad suite " + shown(suite->value), "e.g. bookworm");
    }
  }
  source.packages = words(section, "packages", "-+.:");
  return source;
}

DownloadSource ImageReader::download_source(const YamlTree& tree) {
  const Section section(tree, download_keys, problems_);
  DownloadSource source;
  section.require("url");
  source.url = url(section, "url");
  source.checksums_url = url(section, "checksums_url");
  if (const auto sum = section.text("sha256")) {
    source.sha256 = sum->value;
    const bool hex = sum->value.size() == 64 &&
                     sum->value.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex) {
      problems_.add(sum->mark, "bad sha256 " + shown(sum->value), "it has 64 hex digits, 0-9a-f");
    }
  }
  if (const auto algorithm = section.text("algorithm")) {
    source.algorithm = algorithm->value;
    if (algorithm->value != "sha256" && algorithm->value != "sha512") {
      problems_.add(algorithm->mark,
                    "'algorithm' must be sha256 or sha512, not " + shown(algorithm->value));
    }
  }
  if (tree.find("sha256") == nullptr && tree.find("checksums_url") == nullptr) {
    problems_.add(tree.mark, "a download needs its sha256 or a checksums_url");
  }
  return source;
}

void ImageReader::read_source() {
  const auto* build = top_.find("build");
  const auto* download = top_.find("download");
  if ((build == nullptr) == (download == nullptr)) {
    problems_.add(top_.mark(), "an image has either 'build' or 'download'");
  }
  if (build != nullptr) image_.source = build_source(*build);
  if (download != nullptr) image_.source = download_source(*download);
}

void ImageReader::read_files(const YamlTree& tree) {
  if (!tree.is_map()) {
    problems_.add(tree.mark, "'files' must be a map of path to text, not " + shown(tree));
    return;
  }
  for (const auto& entry : tree.entries) {
    const std::filesystem::path path = entry.key;
    if (!path.is_absolute() || path.lexically_normal() != path || !path.has_filename()) {
      problems_.add(entry.mark, fmt::format("file name {} is no absolute path in its plain form",
                                            shown(entry.key)));
    }
    if (auto text = text_of(entry.value, "the text of " + shown(entry.key), problems_)) {
      image_.files.emplace(entry.key, std::move(*text));
    }
  }
}

void ImageReader::read_commands(const YamlTree& tree) {
  if (!tree.is_list()) {
    problems_.add(tree.mark, "'commands' must be a list of argument lists, not " + shown(tree));
    return;
  }
  for (const auto& item : tree.items) {
    std::vector<std::string> words;
    if (item.is_list()) {
      for (const auto& word : item.items) {
        if (auto text = text_of(word, "an argument", problems_)) words.push_back(std::move(*text));
      }
    }
    if (words.empty() || words.front().empty()) {
      problems_.add(item.mark, "a command must be a list of arguments, not " + shown(item),
                    "write [systemctl, mask, firewalld]");
    }
    image_.commands.push_back(std::move(words));
  }
}

Image ImageReader::read() {
  if (const auto text = top_.text("description")) image_.description = text->value;
  top_.require("family");
  if (const auto family = top_.text("family")) {
    if (family->value == to_text(Family::rhel)) image_.family = Family::rhel;
    if (family->value != to_text(image_.family)) {
      problems_.add(family->mark, "unknown family " + shown(family->value),
                    suggestion(family->value, {"debian", "rhel"}));
    }
  }
  read_source();
  if (const auto format = top_.text("format")) {
    image_.format = format->value;
    if (format->value != "qcow2" && format->value != "raw") {
      problems_.add(format->mark, "'format' must be qcow2 or raw, not " + shown(format->value));
    }
  }
  top_.require("disk");
  if (const auto disk = top_.size_mib("disk")) image_.disk_mib = disk->value;
  image_.kernel_arguments = words(top_, "kernel_arguments", "-_.=,:/");
  image_.packages = words(top_, "packages", "-+._:@");
  if (const auto* files = top_.find("files")) read_files(*files);
  if (const auto* commands = top_.find("commands")) read_commands(*commands);
  if (const auto forkable = top_.flag("forkable")) image_.forkable = forkable->value;
  return std::move(image_);
}

void add_list(std::vector<std::string>& parts, const std::vector<std::string>& list) {
  parts.push_back(hash_of(list));
}

}  // namespace

std::string to_text(Family family) {
  return family == Family::rhel ? "rhel" : "debian";
}

Image parse_image(std::string_view text, const std::string& file) {
  Problems problems(file);
  const auto tree = read_yaml(text, file, problems.list());
  if (!tree) problems.throw_if_any();
  Image image = ImageReader(*tree, problems).read();
  image.name = std::filesystem::path(file).stem().string();
  if (!is_image_name(image.name)) {
    problems.add(
        {1, 1},
        fmt::format("bad image name {}: the file is named after its image", shown(image.name)),
        "use a-z, 0-9, '-' and '.'");
  }
  problems.throw_if_any();
  return image;
}

std::string base_hash(const Image& image) {
  std::vector<std::string> parts = {image.name, to_text(image.family), image.format,
                                    std::to_string(image.disk_mib)};
  if (const auto* build = std::get_if<BuildSource>(&image.source)) {
    parts.insert(parts.end(), {"build", build->suite});
    add_list(parts, build->packages);
    add_list(parts, image.kernel_arguments);  // the boot loader is installed when it is built
  } else {
    const auto& download = std::get<DownloadSource>(image.source);
    parts.insert(parts.end(), {"download", download.url, download.sha256, download.checksums_url,
                               download.algorithm});
  }
  return hash_of(parts);
}

std::string prepared_hash(const Image& image) {
  std::vector<std::string> parts = {base_hash(image)};
  add_list(parts, image.kernel_arguments);
  add_list(parts, image.packages);
  for (const auto& [path, text] : image.files) parts.insert(parts.end(), {path, text});
  for (const auto& command : image.commands) add_list(parts, command);
  return hash_of(parts);
}

}  // namespace vmlab

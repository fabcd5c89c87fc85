#include "cli/library.h"

#include <fmt/format.h>

#include <cstdlib>
#include <system_error>

#include "base/text.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

bool lies_in(const fs::path& file, const fs::path& directory) {
  const auto relative = file.lexically_normal().lexically_relative(directory.lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

std::map<std::string, std::string> texts_in(const fs::path& directory, System& system) {
  std::map<std::string, std::string> texts;
  for (const auto& name : system.list(directory)) {
    const fs::path file(name);
    if (file.extension() != ".yaml") continue;
    if (auto text = system.read(directory / file)) {
      texts.emplace(file.stem().string(), std::move(*text));
    }
  }
  return texts;
}

}  // namespace

LibrarySearch library_search() {
  LibrarySearch search;
  if (const char* wanted = std::getenv("VMLAB_DATA"); wanted != nullptr) search.wanted = wanted;
  std::error_code ignored;
  search.executable = fs::read_symlink("/proc/self/exe", ignored);
  search.source_dir = VMLAB_SOURCE_DIR;
  search.build_dir = VMLAB_BUILD_DIR;
  search.data_dir = VMLAB_DATA_DIR;
  return search;
}

LibraryPlaces find_library(const LibrarySearch& search,
                           const std::function<bool(const fs::path&)>& exists) {
  const fs::path installer = fs::path("practice") / "dcos_generate_config.sh";
  const auto places = [&](const fs::path& data, const fs::path& release_root) {
    const auto practice = release_root / installer;
    return LibraryPlaces{data, exists(practice) ? practice : fs::path()};
  };
  if (!search.wanted.empty()) {
    const auto wanted = fs::path(search.wanted);
    if (!exists(wanted / "images")) {
      throw Error(fmt::format("cannot find images in '{}', where VMLAB_DATA says that they are",
                              search.wanted),
                  "name the directory that holds images/ and cloud-init/");
    }
    return places(wanted, wanted);
  }
  const bool in_build_tree = lies_in(search.executable, search.build_dir);
  if (in_build_tree && exists(search.source_dir / "images")) {
    return places(search.source_dir, search.build_dir);
  }
  const auto beside = search.executable.parent_path().parent_path() / "share" / "vmlab";
  for (const auto& data : {beside, search.data_dir}) {
    if (exists(data / "images")) return places(data, data);
  }
  if (exists(search.source_dir / "images")) return places(search.source_dir, search.build_dir);
  throw Error(fmt::format("cannot find vmlab's images: looked in '{}', '{}' and '{}'",
                          beside.string(), search.data_dir.string(), search.source_dir.string()),
              "set VMLAB_DATA to the directory that holds images/ and cloud-init/");
}

Library read_library(const LibraryPlaces& places, System& system) {
  Library library;
  library.images = texts_in(places.data / "images", system);
  library.fragments = texts_in(places.data / "cloud-init", system);
  library.practice_release = places.practice.string();
  return library;
}

}  // namespace vmlab

#include "cli/catalogue.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/images.h"
#include "run/stored_templates.h"

namespace vmlab {

namespace fs = std::filesystem;

std::vector<Image> catalogue_images(const Library& library) {
  std::vector<Image> images;
  std::vector<Diagnostic> problems;
  for (const auto& [name, text] : library.images) {
    try {
      images.push_back(parse_image(text, "images/" + name + ".yaml"));
    } catch (const BadInput& input) {
      problems.insert(problems.end(), input.problems().begin(), input.problems().end());
    }
  }
  if (!problems.empty()) throw BadInput(std::move(problems));
  return images;
}

const Image& catalogue_image(const std::vector<Image>& images, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& image : images) {
    if (image.name == name) return image;
    names.push_back(image.name);
  }
  const auto near = closest(name, names);
  throw Error(fmt::format("no image '{}' in the catalogue", name),
              near ? fmt::format("did you mean '{}'?", *near) : "images: " + join(names, ", "),
              ExitCode::bad_input);
}

namespace {

/// File -> labs whose topologies name its image: the next node needs it, also where no disk does.
/// Returns the labs whose topologies cannot be read: they may name any image that is no
/// catalogue's.
std::set<std::string> add_named(std::map<fs::path, std::set<std::string>>& users,
                                const Settings& settings, Ports& ports) {
  std::set<std::string> unread;
  for (const auto& lab : known_labs(settings, ports)) {
    std::vector<Image> images;
    try {
      images = recall_images(lab, settings, ports);
    } catch (const BadInput&) {
      unread.insert(lab);
    } catch (const Error&) {
      unread.insert(lab);
    }
    for (const auto& image : images) {
      users[settings.paths.base_image(image).lexically_normal()].insert(lab);
      users[settings.paths.prepared_image(image).lexically_normal()].insert(lab);
    }
  }
  return unread;
}

}  // namespace

std::vector<ImageFile> image_files(const std::vector<Image>& images, const Settings& settings,
                                   Ports& ports) {
  const auto& paths = settings.paths;
  auto users = users_of_disks(paths, ports);
  const auto unread = add_named(users, settings, ports);
  std::vector<ImageFile> files;
  for (const auto& name : ports.system.list(paths.images())) {
    const auto path = paths.images() / name;
    const auto info = ports.system.stat(path);
    if (!info || info->directory) continue;
    const auto noted = fs::path(path).replace_extension();
    if (path == Paths::digest_note(noted) && ports.system.stat(noted)) continue;
    ImageFile file{.name = name,
                   .image = {},
                   .prepared = false,
                   .part = path.extension() == ".part",
                   .allocated_bytes = info->allocated_bytes,
                   .labs = {}};
    const auto whole = file.part ? fs::path(path).replace_extension() : path;
    for (const auto& image : images) {
      const bool prepared = path == paths.prepared_image(image);
      if (!prepared && whole != paths.base_image(image)) continue;
      file.image = image.name;
      file.prepared = prepared;
    }
    auto of = users[whole.lexically_normal()];
    if (file.image.empty()) of.insert(unread.begin(), unread.end());
    file.labs.assign(of.begin(), of.end());
    files.push_back(std::move(file));
  }
  std::ranges::sort(files, {}, &ImageFile::name);
  return files;
}

std::vector<ImageFile> prunable(const std::vector<ImageFile>& files, bool all) {
  std::vector<ImageFile> found;
  std::ranges::copy_if(files, std::back_inserter(found), [&](const ImageFile& file) {
    return file.labs.empty() && (file.image.empty() || (all && !file.part));
  });
  return found;
}

Plan plan_images(const std::vector<Image>& images, bool bases_only, const Paths& paths,
                 System& system) {
  Plan plan;
  for (const auto& image : images) {
    ImageWish wish{.prepared = !bases_only && !system.stat(paths.prepared_image(image))};
    wish.base = (bases_only || wish.prepared) && !system.stat(paths.base_image(image));
    for (auto& step : image_steps(image, image.name, wish)) plan.steps.push_back(std::move(step));
  }
  return plan;
}

}  // namespace vmlab

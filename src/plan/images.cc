#include "plan/images.h"

#include <fmt/format.h>

namespace vmlab {

std::string prepare_image_step(const std::string& name) {
  return "prepare-image/" + name;
}

std::vector<PlannedStep> image_steps(const Image& image, const std::string& name, ImageWish wish) {
  const auto base_id = "base-image/" + name;
  const bool built = std::holds_alternative<BuildSource>(image.source);
  std::vector<PlannedStep> steps;
  if (wish.base) {
    steps.push_back({.id = base_id,
                     .node = {},
                     .title = fmt::format("{} image {}", built ? "build" : "download", image.name),
                     .why = "missing",
                     .hash = base_hash(image),
                     .step = built ? Step{BuildBase{image}} : Step{DownloadBase{image}},
                     .after = {},
                     .pool = built ? Pool::disk : Pool::network});
  }
  if (wish.prepared) {
    steps.push_back({.id = prepare_image_step(name),
                     .node = {},
                     .title = fmt::format("prepare image {}", image.name),
                     .why = "missing",
                     .hash = prepared_hash(image),
                     .step = PrepareImage{image},
                     .after = {},
                     .pool = Pool::disk});
    if (wish.base) steps.back().after.push_back(base_id);
  }
  return steps;
}

}  // namespace vmlab

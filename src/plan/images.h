// How the disks of an image come to be.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace vmlab {

/// What is missing of an image's disks.
struct ImageWish {
  bool base = false;
  bool prepared = false;  // from the base, which is there or wished for
};
/// The steps that make it; `name` is what their ids end with.
std::vector<PlannedStep> image_steps(const Image& image, const std::string& name, ImageWish wish);

/// Id of the step after which the prepared disk is there.
std::string prepare_image_step(const std::string& name);

}  // namespace vmlab

// A whole system on a disk: building a base image, deriving the prepared one.
#pragma once

#include <filesystem>
#include <stop_token>

#include "host/ports.h"

namespace vmlab {

class Appliance;

/// mmdebstrap's root file system on a bootable disk at `disk`, a qcow2 file, which is made: GPT,
/// BIOS boot partition, ext4, GRUB without its configuration, which prepare_disk() writes. `place`
/// is an empty directory for what is needed meanwhile. Throws for an image that is not built.
void build_disk(const Image& image, const std::filesystem::path& place,
                const std::filesystem::path& disk, bool accelerated, const Progress& progress,
                std::stop_token stop);

/// The root file system of a disk that build_disk() made.
void mount_built_root(const Appliance& appliance);

/// Turns `disk`, a qcow2 file with a base image in it, into the prepared image. Throws when what is
/// found there is not of the image's family.
void prepare_disk(const Image& image, const std::filesystem::path& disk, bool accelerated,
                  const Progress& progress, std::stop_token stop);

}  // namespace vmlab

// A whole system on a disk: building a base image, deriving the prepared one.
#pragma once

#include <filesystem>
#include <stop_token>

#include "host/ports.h"

namespace vmlab {

/// mmdebstrap's root file system on a bootable disk at `disk`, which is made: GPT, BIOS boot
/// partition, ext4, GRUB. `root_tar` is a scratch file. Throws for an image that is not built.
void build_disk(const Image& image, const std::filesystem::path& root_tar,
                const std::filesystem::path& disk, bool accelerated, const Progress& progress,
                std::stop_token stop);

/// Turns `disk`, a qcow2 file with a base image in it, into the prepared image. Throws when what is
/// found there is not of the image's family.
void prepare_disk(const Image& image, const std::filesystem::path& disk, bool accelerated,
                  const Progress& progress, std::stop_token stop);

}  // namespace vmlab

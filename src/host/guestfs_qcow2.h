// What a disk image says of itself, without starting a program.
#pragma once

#include <filesystem>
#include <optional>

#include "plan/observed.h"

namespace vmlab {

/// nullopt when there is no file. Reads the header of a qcow2 file (versions 2 and 3); every other
/// file is `raw`. Throws Error when it cannot be read.
std::optional<DiskInfo> read_disk_info(const std::filesystem::path& path);

}  // namespace vmlab

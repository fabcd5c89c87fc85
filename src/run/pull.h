// A catalogue image that is downloaded: fetched, verified, then there.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/ports.h"
#include "plan/paths.h"
#include "run/executor.h"

namespace vmlab {

/// Digest of `file_name` in a vendor's checksum file (`<hex>  <name>`, `<hex> *<name>`, or
/// `SHA256 (<name>) = <hex>`); nullopt when it is not named there.
std::optional<std::string> find_digest(std::string_view checksums, std::string_view file_name);

/// Downloads a DownloadSource to Paths::base_image unless it is there. Nothing unverified is used.
void pull_image(const Image& image, const Paths& paths, Ports& ports, const StepProgress& progress,
                std::stop_token stop);

/// Digest that the file must have: the catalogue's, or the vendor's file's. Asks the network for
/// the latter.
std::string expected_digest(const Image& image, Ports& ports, std::stop_token stop);

}  // namespace vmlab

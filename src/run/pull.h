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

struct Digest {
  std::string algorithm;  // sha256 or sha512
  std::string hex;        // lower case
};

/// Downloads a DownloadSource to Paths::base_image unless it is there. Nothing unverified is used;
/// what it was verified with is noted beside it, as the vendor's file may be another tomorrow.
void pull_image(const Image& image, const Paths& paths, Ports& ports, const StepProgress& progress,
                std::stop_token stop);

/// What the file that is there was verified with; nullopt: nothing was noted.
std::optional<Digest> noted_digest(const Image& image, const Paths& paths, System& system);

/// Digest that a file fetched now must have: the catalogue's, or the vendor's file's. Asks the
/// network for the latter.
Digest expected_digest(const Image& image, Ports& ports, std::stop_token stop);

}  // namespace vmlab

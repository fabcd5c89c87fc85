// What a topology names and does not hold: images, cloud-config fragments, files.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lab/load.h"
#include "lab/problems.h"
#include "lab/section.h"

namespace vmlab {

class References {
 public:
  References(const Library& library, const ReadFile& read, const FileExists& exists,
             std::string directory, Problems& problems);

  /// `written` as seen from the topology's directory.
  std::string path(const std::string& written) const;

  /// An image of the catalogue by name, or of a file of the user's. nullptr when it is unknown or
  /// wrong, which is reported.
  const Image* image(const Placed<std::string>& name);
  const std::map<std::string, Image>& images() const { return images_; }

  /// A fragment of the library by name, or a cloud-config file of the user's.
  std::optional<Fragment> fragment(const Placed<std::string>& name);

  /// Text of a file; `what` names it in messages.
  std::optional<std::string> file(const Placed<std::string>& written, const std::string& what);

  /// False: it is not there, which is reported.
  bool require_file(const Placed<std::string>& written, const std::string& what);

 private:
  const Library& library_;
  const ReadFile& read_;
  const FileExists& exists_;
  std::string directory_;
  Problems& problems_;
  std::map<std::string, Image> images_;
  std::map<std::string, bool> sound_;  // fragments looked at already
};

/// Adds to `problems` what keeps `text` from being a cloud-config document that can be merged with
/// vmlab's own.
void check_cloud_config(std::string_view text, const std::string& file,
                        std::vector<Diagnostic>& problems);

}  // namespace vmlab

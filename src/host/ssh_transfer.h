// Files to and from a guest over an exec channel: minimal guests have no sftp server.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "host/ports.h"
#include "host/ssh_session.h"

namespace vmlab {

/// Runs a script in the guest and tells its exit code; throws Unreachable and Cancelled.
using RunScript = std::function<int(const std::string& script, const SshStreams& streams,
                                    std::chrono::seconds timeout)>;

struct Upload {
  std::string node;  // for messages
  std::filesystem::path local;
  std::string remote;
  unsigned mode = 0644;
  std::string sha256;
};

/// See Guests::upload. A connection that breaks on the way is tried again as long as that brings
/// more bytes across.
void ssh_upload(const Upload& upload, const RunScript& run, const Progress& progress);

struct SshDownload {
  std::string node;  // for messages
  std::string remote;
  std::filesystem::path local;
  unsigned mode = 0644;
};

/// See Guests::download.
void ssh_download(const SshDownload& download, const RunScript& run, const Progress& progress);

}  // namespace vmlab

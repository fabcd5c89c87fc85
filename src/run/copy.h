// Files and directories to a node and back, file by file: each is whole when it is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "host/ports.h"

namespace vmlab {

struct CopiedFile {
  std::filesystem::path local;
  std::string remote;
  std::uint64_t size_bytes = 0;
  unsigned mode = 0644;
};

/// What is copied, known before the first byte goes.
struct CopyPlan {
  std::vector<std::string> directories;  // to be made on the receiving side, outer ones first
  std::vector<CopiedFile> files;
  std::uint64_t bytes() const;
};

/// As cp(1) does: into `remote` when it is a directory there (or ends with a slash), else under
/// that name. Links are followed. Throws Error for what is not there.
CopyPlan plan_upload(const std::vector<std::filesystem::path>& sources, const std::string& remote,
                     const SshTarget& target, Ports& ports, std::stop_token stop);
CopyPlan plan_download(const std::vector<std::string>& sources, const std::filesystem::path& local,
                       const SshTarget& target, Ports& ports, std::stop_token stop);

/// Called as it goes on: the file, files that are done, bytes that are across.
using CopyProgress =
    std::function<void(const CopiedFile& file, std::size_t files, std::uint64_t bytes)>;

void upload_all(const CopyPlan& plan, const SshTarget& target, Ports& ports,
                const CopyProgress& progress, std::stop_token stop);
void download_all(const CopyPlan& plan, const SshTarget& target, Ports& ports,
                  const CopyProgress& progress, std::stop_token stop);

}  // namespace vmlab

// HTTP by libcurl: probes of the lab, downloads from elsewhere.
#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>

#include "host/ports.h"

namespace vmlab {

/// See System::http_get. A host given as an address is asked as it is: without a proxy, no redirect
/// is followed. With a name the rules of downloads hold. Bodies are cut off at 8 MiB.
HttpReply http_get(const std::string& url, std::chrono::seconds timeout,
                   const std::stop_token& stop);

/// See System::http_post; the rules of http_get hold.
HttpReply http_post(const std::string& url, const std::string& body, std::chrono::seconds timeout,
                    const std::stop_token& stop);

struct Download {
  std::string url;  // http or https; https never becomes http by a redirect
  std::filesystem::path path;
  std::string algorithm = "sha256";
  std::string digest;  // hex in either case; empty: not verified, and always fetched anew
};

/// See System::download. A broken transfer is tried again as long as that brings more bytes; what
/// is there of it outlives failures and stops.
void http_download(const Download& download, const Progress& progress, const std::stop_token& stop);

}  // namespace vmlab

// One HTTP exchange that can be stopped.
#pragma once

#include <curl/curl.h>

#include <array>
#include <exception>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/handle.h"

namespace vmlab {

/// One easy handle and what came back by it.
class HttpTransfer {
 public:
  HttpTransfer();

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy_.get(), option, value);
  }
  void add_header(const std::string& line);
  /// Follows redirects, but never from https to something else.
  void follow_redirects(const std::string& url);

  /// Called for each piece of the body of the last response, when status and headers are known.
  /// False ends the transfer; what it throws leaves perform().
  std::function<bool(std::string_view)> on_body;

  /// Throws Cancelled. Otherwise CURLE_OK, or why it failed: see error().
  CURLcode perform(const std::stop_token& stop);

  int status() const;  // of the last response; 0: none
  /// Of the last response; name in lower case. Empty when absent.
  std::string header(const std::string& name) const;
  std::string error() const;  // after a failure: libcurl's words

 private:
  struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };
  static std::size_t body_callback(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t header_callback(char* data, std::size_t size, std::size_t count, void* self);

  Handle<CURL, curl_easy_cleanup> easy_;
  std::unique_ptr<curl_slist, FreeList> headers_out_;
  std::map<std::string, std::string> headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  CURLcode code_ = CURLE_OK;
  std::exception_ptr failure_;
};

}  // namespace vmlab

#include "host/http_transfer.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/text.h"

namespace vmlab {

namespace {

void initialise() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return result;
}

}  // namespace

HttpTransfer::HttpTransfer() {
  initialise();
  easy_.reset(curl_easy_init());
  if (!easy_) throw Error("cannot start an HTTP transfer: out of memory");
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "vmlab");
  set(CURLOPT_CONNECTTIMEOUT, 30L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_WRITEFUNCTION, body_callback);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, header_callback);
  set(CURLOPT_HEADERDATA, this);
}

void HttpTransfer::add_header(const std::string& line) {
  auto* list = curl_slist_append(headers_out_.get(), line.c_str());
  if (list == nullptr) throw Error("cannot start an HTTP transfer: out of memory");
  static_cast<void>(headers_out_.release());
  headers_out_.reset(list);
  set(CURLOPT_HTTPHEADER, list);
}

void HttpTransfer::follow_redirects(const std::string& url) {
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_REDIR_PROTOCOLS_STR, lower(url).starts_with("https:") ? "https" : "http,https");
}

CURLcode HttpTransfer::perform(const std::stop_token& stop) {
  const Handle<CURLM, curl_multi_cleanup> multi{curl_multi_init()};
  if (!multi) throw Error("cannot start an HTTP transfer: out of memory");
  curl_multi_add_handle(multi.get(), easy_.get());
  const auto remove = [&multi](CURL* easy) { curl_multi_remove_handle(multi.get(), easy); };
  const std::unique_ptr<CURL, decltype(remove)> added{easy_.get(), remove};
  const std::stop_callback wake(stop, [&multi] { curl_multi_wakeup(multi.get()); });
  code_ = CURLE_OK;
  headers_.clear();
  for (int running = 1; running > 0;) {
    if (stop.stop_requested()) throw Cancelled();
    if (const auto code = curl_multi_perform(multi.get(), &running); code != CURLM_OK) {
      throw Error(std::string("cannot make an HTTP transfer: ") + curl_multi_strerror(code));
    }
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
  }
  int left = 0;
  while (const auto* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE) code_ = message->data.result;
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return code_;
}

int HttpTransfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::string HttpTransfer::header(const std::string& name) const {
  const auto found = headers_.find(name);
  return found == headers_.end() ? "" : found->second;
}

std::string HttpTransfer::error() const {
  return error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code_);
}

std::size_t HttpTransfer::body_callback(char* data, std::size_t size, std::size_t count,
                                        void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const auto bytes = size * count;
  try {
    if (!transfer.on_body || transfer.on_body({data, bytes})) return bytes;
  } catch (...) {
    transfer.failure_ = std::current_exception();
  }
  return CURL_WRITEFUNC_ERROR;
}

std::size_t HttpTransfer::header_callback(char* data, std::size_t size, std::size_t count,
                                          void* self) {
  auto& headers = static_cast<HttpTransfer*>(self)->headers_;
  const std::string_view line{data, size * count};
  if (line.starts_with("HTTP/")) headers.clear();  // a redirect's, or 100 Continue's
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    headers[lower(trim(line.substr(0, colon)))] = std::string(trim(line.substr(colon + 1)));
  }
  return line.size();
}

}  // namespace vmlab

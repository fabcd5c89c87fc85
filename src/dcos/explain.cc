#include "dcos/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "dcos/config_keys.h"
#include "dcos/preflight.h"

namespace vmlab {
namespace {

constexpr std::string_view makes_new = "`vmlab reset NODE --then-up` makes it new";

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Last line that says something; `exit code N` when there is none.
std::string last_line(int exit_code, const std::string& out, const std::string& err) {
  for (const auto* text : {&err, &out}) {
    const auto all = lines(strip_ansi(*text));
    const auto said = std::find_if(all.rbegin(), all.rend(),
                                   [](const std::string& line) { return !trim(line).empty(); });
    if (said != all.rend()) return fmt::format("exit code {}: {}", exit_code, trim(*said));
  }
  return fmt::format("exit code {}, and nothing printed", exit_code);
}

/// Text after `marker` up to the end of its line.
std::string rest_of_line(const std::string& text, std::string_view marker) {
  const auto at = text.find(marker);
  if (at == std::string::npos) return {};
  const auto from = at + marker.size();
  return std::string(trim(std::string_view(text).substr(from, text.find('\n', from) - from)));
}

struct Complaint {
  std::string keys;
  std::string message;
};

/// Lines `KEY: MESSAGE` of the installer, those of one message together: a rule about several keys
/// is told for each of them.
std::vector<Complaint> complaints(const std::string& err) {
  std::vector<Complaint> found;
  for (const auto& raw : lines(err)) {
    const bool red = has(raw, "\x1b[1;31m");
    const auto line = strip_ansi(raw);
    const auto colon = line.find(": ");
    if (colon == std::string::npos || colon == 0) continue;
    const auto key = line.substr(0, colon);
    if (key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
      continue;
    if (!red && find_config_key(key) == nullptr) continue;
    const auto message = line.substr(colon + 2);
    const auto same = std::ranges::find(found, message, &Complaint::message);
    if (same == found.end()) {
      found.push_back({key, message});
    } else {
      same->keys += ", " + key;
    }
  }
  // The installer's order changes from run to run.
  std::ranges::sort(found, {}, &Complaint::keys);
  return found;
}

std::string explain_traceback(const std::string& err) {
  const auto all = lines(strip_ansi(err));
  std::string last;
  for (const auto& line : all) {
    if (!trim(line).empty()) last = trim(line);
  }
  if (last == "Exception") {
    return "the installer died of a value in config.yaml that it cannot read: one without a value, "
           "or a number with a fraction";
  }
  if (last.starts_with("NotImplementedError")) {
    return "the installer died of config.yaml: it is empty, or no map";
  }
  if (last.starts_with("FileNotFoundError")) {
    return "the installer died of a file that config.yaml names and that is not in genconf: " +
           last;
  }
  return "the installer died of an error of its own: " + last;
}

}  // namespace

std::string explain_genconf(int exit_code, const std::string& out, const std::string& err) {
  const auto plain = strip_ansi(err);
  if (has(plain, "docker should be installed and running")) {
    return "Docker does not run on the bootstrap node";
  }
  if (has(plain, "port is already allocated") || has(plain, "address already in use")) {
    return "a port of the bootstrap node is taken: releases up to 1.13 need its port 9000; " +
           last_line(exit_code, out, err);
  }
  if (has(plain, "no space left on device") || has(plain, "No space left on device")) {
    return "the bootstrap node's disk is full";
  }
  const auto found = complaints(err);
  if (!found.empty()) {
    std::string text = "the installer refuses the configuration";
    for (const auto& complaint : found) {
      text += fmt::format("\n- {}: {}", complaint.keys, complaint.message);
    }
    return text;
  }
  for (const std::string_view told : {"No config file found at", "Unable to load configuration"}) {
    if (has(out, told)) return std::string(told) + " " + rest_of_line(out, told);
  }
  if (has(plain, "Traceback (most recent call last)")) return explain_traceback(err);
  if (exit_code == 2 && has(plain, "usage:")) {
    return "the installer does not know an option: it is no DC/OS installer of 1.11 to 2.2";
  }
  auto own = rest_of_line(plain, "vmlab: ");
  if (!own.empty()) return own;
  return "the installer failed with " + last_line(exit_code, out, err);
}

std::string explain_serve(int exit_code, const std::string& out, const std::string& err) {
  const auto plain = strip_ansi(err);
  if (has(plain, "port is already allocated") || has(plain, "address already in use")) {
    return "the port is taken on the bootstrap node: " + last_line(exit_code, out, err);
  }
  // Old Dockers take an OCI index for a manifest of the first schema, which was signed.
  if (has(plain, "missing signature key") || has(plain, "mediaType in manifest")) {
    return fmt::format(
        "this Docker cannot read the nginx images of today (OCI indexes), and the older one cannot "
        "be pulled; `image: debian-12` for the bootstrap node brings nginx with it: {}",
        last_line(exit_code, out, err));
  }
  if (has(plain, "Error response from daemon: Get ") || has(plain, "pull access denied") ||
      has(plain, "manifest unknown") || has(plain, "manifest for ")) {
    return "there is no nginx image on the bootstrap node, and none can be pulled: " +
           last_line(exit_code, out, err);
  }
  return "nginx cannot be started: " + last_line(exit_code, out, err);
}

std::string explain_preflight(int exit_code, const std::string& out, const std::string& err) {
  const auto checks = parse_preflight(out);
  auto failed = failed_checks(checks);
  const bool engine_serves = std::ranges::any_of(checks, [](const auto& check) {
    return check.name == "Checking the version of Docker itself" &&
           check.result == PreflightCheck::Result::pass;
  });
  if (engine_serves) {
    std::erase_if(failed,
                  [](const auto& line) { return line.starts_with("- docker version req"); });
  }
  const auto count = failed.size();
  // The newer generation's version check dies itself when Docker does not answer.
  if (has(err, "unbound variable")) {
    failed.emplace_back(
        "- the rest: not checked, as the script died of it that Docker did not "
        "answer");
  }
  if (failed.empty()) return "preflight failed with " + last_line(exit_code, out, err);
  if (has(out, "Checking if DC/OS is already installed: FAIL")) {
    failed.push_back("- a node is installed once: " + std::string(makes_new));
  }
  std::string text = fmt::format("{} of {} preflight checks failed", count, checks.size());
  for (const auto& line : failed) text += "\n" + line;
  return text;
}

std::string explain_install(int exit_code, const std::string& out, const std::string& err) {
  if (const auto role = rest_of_line(out, "vmlab: other role: "); !role.empty()) {
    return fmt::format("the node is installed as {} already; {}", role, makes_new);
  }
  if (const auto lists = rest_of_line(out, "vmlab: other configuration: "); !lists.empty()) {
    return fmt::format(
        "the node was installed from another configuration or release (package list "
        "{}), and DC/OS cannot be changed in place; {}",
        lists, makes_new);
  }
  if (has(out, "vmlab: half installed")) {
    return "an earlier installation was cut off where it cannot go on; " + std::string(makes_new);
  }
  if (const auto url = rest_of_line(out, "vmlab: cannot fetch "); !url.empty()) {
    return fmt::format("cannot fetch {}: {}", url, last_line(exit_code, {}, err));
  }
  if (has(out, "Preflight checks failed.") || has(out, "(Currently installed)")) {
    return explain_preflight(exit_code, out, err);
  }
  if (has(err, "dcos-download") || has(err, "dcos-setup") || has(err, "curl: (")) {
    std::string text = "dcos-setup failed; the end of its journal:";
    auto journal = lines(strip_ansi(err));
    if (journal.size() > 8) journal.erase(journal.begin(), journal.end() - 8);
    for (const auto& line : journal) text += "\n- " + line;
    return text;
  }
  return "dcos_install.sh failed with " + last_line(exit_code, out, err);
}

}  // namespace vmlab

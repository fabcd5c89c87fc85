#include "support/lab_samples.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "support/checkout.h"

namespace vmlab::test {

namespace {

std::map<std::string, std::string> yaml_files(const std::string& directory) {
  std::map<std::string, std::string> texts;
  const auto path = project_dir() / directory;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() != ".yaml") continue;
    texts[entry.path().stem().string()] =
        project_file(directory + "/" + entry.path().filename().string());
  }
  return texts;
}

}  // namespace

std::string project_file(const std::string& path) {
  const std::ifstream file(project_dir() / path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Library sample_library() {
  Library library;
  library.images["debian-12"] =
      "family: debian\ndisk: 20GiB\nbuild: {suite: bookworm}\npackages: [docker.io]\n";
  library.images["rocky-9"] =
      "family: rhel\ndisk: 10GiB\n"
      "download: {url: 'https://example.org/rocky.qcow2', checksums_url: "
      "'https://example.org/SUMS'}\n";
  library.fragments["docker"] =
      "#cloud-config\nwrite_files:\n  - path: /etc/docker/daemon.json\n    content: '{}'\n"
      "runcmd:\n  - [systemctl, restart, docker]\n";
  library.fragments["ntp"] = "#cloud-config\nruncmd:\n  - [systemctl, restart, chrony]\n";
  library.fragments["firewalld-off"] = "#cloud-config\nbootcmd:\n  - [firewalld-off]\n";
  library.fragments["selinux-permissive"] = "#cloud-config\nbootcmd:\n  - [setenforce, '0']\n";
  library.practice_release = "/usr/share/vmlab/practice/dcos_generate_config.sh";
  return library;
}

Library project_library() {
  Library library = sample_library();
  library.images = yaml_files("images");
  library.fragments = yaml_files("cloud-init");
  return library;
}

Lab load_sample(const std::string& text) {
  return load(text, "lab.yaml", sample_library(), {});
}

Lab resolve_sample(const std::string& text) {
  return resolve(load_sample(text), {});
}

std::vector<std::string> problems_of(const std::string& text, const ReadFile& read,
                                     const FileExists& exists) {
  std::vector<std::string> found;
  try {
    load(text, "lab.yaml", sample_library(), read, exists);
  } catch (const BadInput& bad) {
    for (const auto& problem : bad.problems()) {
      const auto file = problem.file == "lab.yaml" ? "" : problem.file + ":";
      const auto help = problem.help.empty() ? "" : " [" + problem.help + "]";
      found.push_back(
          fmt::format("{}{}:{}: {}{}", file, problem.line, problem.column, problem.message, help));
    }
  }
  return found;
}

Lab quickstart() {
  return resolve(load(project_file("topologies/quickstart.yaml"), "topologies/quickstart.yaml",
                      sample_library(), {}),
                 {});
}

}  // namespace vmlab::test

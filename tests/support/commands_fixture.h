// Commands run from their words to exit code and output, in a world in memory.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/commands.h"
#include "support/fake_cluster.h"
#include "support/fake_world.h"

namespace vmlab::test {

inline const std::string small_topology =
    "name: small\n"
    "image: tiny\n"
    "network: {cidr: 192.168.77.0/24, domain: small.test}\n"
    "nodes:\n"
    "  box: {role: plain, count: 2}\n"
    "cloud_init: []\n";

inline const std::string cluster_topology =
    "name: cluster\n"
    "image: tiny\n"
    "network: {cidr: 192.168.78.0/24, domain: cluster.test}\n"
    "defaults: {memory: 8GiB}\n"
    "nodes:\n"
    "  bootstrap: {role: bootstrap}\n"
    "  master: {role: master, count: 3}\n"
    "  agent: {role: agent, count: 2}\n"
    "  public: {role: public_agent, count: 1}\n"
    "cloud_init: []\n"
    "install: {dcos: {release: practice}}\n";

inline const std::string tiny_image =
    "description: the least that boots\n"
    "family: debian\n"
    "build: {suite: bookworm, packages: [openssh-server]}\n"
    "disk: 2GiB\n";

class CommandsFixture : public testing::Test {
 protected:
  CommandsFixture() : ports_(world_.ports()) {
    settings_.paths.root = "/state";
    settings_.library.images["tiny"] = tiny_image;
    world_.files["/topologies/small.yaml"] = small_topology;
  }

  /// What the words do; `out_` and `err_` are what was said by this call.
  ExitCode run(const std::vector<std::string>& words) {
    out_.clear();
    err_.clear();
    Streams streams;
    streams.out = [this](std::string_view text) { out_ += text; };
    streams.err = [this](std::string_view text) { err_ += text; };
    streams.err_size = [] { return TerminalSize{}; };
    streams.now = [] { return std::chrono::system_clock::time_point{}; };
    streams.source = [this](const std::string& file) { return world_.read(file); };
    Invocation invocation;
    try {
      invocation = parse_command_line(words);
    } catch (const Error& error) {
      err_ = render_error(error, {});
      return error.code();
    }
    Console console(streams, invocation.log_format, Detail::normal);
    auto settings = settings_;
    settings.overrides = invocation.overrides;
    settings.boot = invocation.boot;
    settings.command = invocation.command;
    settings.prune = invocation.prune;
    try {
      return run_command({invocation, settings, ports_, console, stop_.get_token()});
    } catch (const BadInput& input) {
      console.problems(input);
      return ExitCode::bad_input;
    } catch (const Error& error) {
      console.error(error);
      return error.code();
    } catch (const Cancelled&) {
      return ExitCode::interrupted;
    }
  }

  /// Guests answer as those of a lab that works.
  void serve(const std::string& file = "/topologies/small.yaml") {
    lab_ = load_lab(file, settings_, ports_);
    serve_cluster(world_, lab_);
  }

  void bring_up(const std::string& file = "/topologies/small.yaml") {
    serve(file);
    ASSERT_EQ(run({"up", file}), ExitCode::done) << err_;
  }

  /// A file `/topologies/cluster.yaml` with DC/OS on it.
  void write_cluster() {
    settings_.library.practice_release = "/release/dcos_generate_config.sh";
    settings_.accelerator = Accelerator::tcg;
    world_.files["/release/dcos_generate_config.sh"] = "installer";
    world_.files["/topologies/cluster.yaml"] = cluster_topology;
  }

  FakeWorld world_;
  Ports ports_;
  Settings settings_;
  Lab lab_;
  std::stop_source stop_;
  std::string out_;
  std::string err_;
};

}  // namespace vmlab::test

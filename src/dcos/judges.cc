#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "base/text.h"
#include "dcos/api.h"
#include "dcos/gates.h"

namespace vmlab {
namespace {

/// One line, short: for a line of progress.
std::string shortened(std::string_view text) {
  const auto all = lines(trim(text));
  if (all.empty()) return {};
  auto line = all.front();
  if (line.size() > 120) line = line.substr(0, 117) + "...";
  return line;
}

std::string silent(const ProbeResult& result, std::string_view who) {
  return fmt::format("{} on {} does not answer: {}", who, result.node, shortened(result.error));
}

/// Empty when there is an answer with status 200; else what is missing.
std::string no_answer(const ProbeResult& result, std::string_view who) {
  if (!result.reached) return silent(result, who);
  if (result.status == 200) return {};
  return fmt::format("{} on {} answers with status {}", who, result.node, result.status);
}

std::size_t number_of(const Expected& expect) {
  return expect.empty() ? 0 : static_cast<std::size_t>(std::stoul(expect.front()));
}

/// Mode of one master, or why there is none.
struct Mode {
  std::string mode;
  std::string missing;
};

Mode mode_of(const ProbeResult& result) {
  if (!result.reached) return {{}, silent(result, "ssh")};
  if (const auto mode = zookeeper_mode(result.out)) return {*mode, {}};
  if (result.out.find("not currently serving") != std::string::npos) {
    return {{}, fmt::format("ZooKeeper on {} runs, but has no quorum yet", result.node)};
  }
  if (!trim(result.out).empty()) {
    return {{}, fmt::format("ZooKeeper on {} says: {}", result.node, shortened(result.out))};
  }
  return {{}, fmt::format("ZooKeeper on {} does not answer yet", result.node)};
}

}  // namespace

Verdict judge_bootstrap(const Results& results, const Expected&) {
  const auto& guest = results.at(0);
  const auto& host = results.at(1);
  if (!guest.reached) return Verdict::not_yet(silent(guest, "ssh"));
  const auto sum = guest.out.substr(0, guest.out.find(' '));
  if (guest.status != 0 || sum.size() != 64) {
    return Verdict::failed(fmt::format("there is no genconf/serve/dcos_install.sh on {}: {}",
                                       guest.node, shortened(guest.error)));
  }
  if (const auto missing = no_answer(host, "nginx"); !missing.empty()) {
    return Verdict::not_yet(missing);
  }
  if (sha256_hex(host.out) != sum) {
    return Verdict::not_yet(
        fmt::format("nginx on {} serves another dcos_install.sh than genconf made", host.node));
  }
  return Verdict::pass(fmt::format("dcos_install.sh is served whole, {} bytes", host.out.size()));
}

Verdict judge_zookeeper_mode(const Results& results, const Expected& expect) {
  const auto& result = results.at(0);
  const auto mode = mode_of(result);
  if (mode.mode.empty()) return Verdict::not_yet(mode.missing);
  // Of several masters each is standalone only before it has read its configuration.
  if (mode.mode == "standalone" && number_of(expect) > 1) {
    return Verdict::not_yet(fmt::format("ZooKeeper on {} is standalone still", result.node));
  }
  return Verdict::pass(fmt::format("ZooKeeper on {} is {}", result.node, mode.mode));
}

Verdict judge_zookeeper_quorum(const Results& results, const Expected& expect) {
  std::map<std::string, std::vector<std::string>> by_mode;
  for (const auto& result : results) {
    const auto mode = mode_of(result);
    if (mode.mode.empty()) return Verdict::not_yet(mode.missing);
    by_mode[mode.mode].push_back(result.node);
  }
  const auto masters = number_of(expect);
  if (masters == 1 && (by_mode["standalone"].size() == 1 || by_mode["leader"].size() == 1)) {
    return Verdict::pass(results.at(0).node + " is the whole ensemble");
  }
  const auto& leaders = by_mode["leader"];
  const auto followers = by_mode["follower"].size();
  if (leaders.size() == 1 && followers + 1 == masters) {
    return Verdict::pass(
        fmt::format("{} leads, {} follower{}", leaders[0], followers, followers == 1 ? "" : "s"));
  }
  std::vector<std::string> parts;
  for (const auto& [mode, nodes] : by_mode) {
    if (!nodes.empty()) parts.push_back(fmt::format("{}: {}", mode, join(nodes, ", ")));
  }
  return Verdict::not_yet(
      fmt::format("1 leader and {} followers are wanted, but {}", masters - 1, join(parts, "; ")));
}

Verdict judge_remaining_quorum(const Results& results, const Expected& expect) {
  std::size_t serving = 0;
  std::vector<std::string> missing;
  for (const auto& result : results) {
    const auto mode = mode_of(result);
    if (mode.mode == "leader" || mode.mode == "follower") {
      ++serving;
    } else {
      missing.push_back(mode.mode.empty() ? mode.missing : result.node + " is " + mode.mode);
    }
  }
  if (serving >= number_of(expect)) {
    return Verdict::pass(fmt::format("{} other masters serve", serving));
  }
  return Verdict::not_yet(fmt::format("{} other masters must serve, {} do: {}", number_of(expect),
                                      serving, join(missing, "; ")));
}

Verdict judge_exhibitor(const Results& results, const Expected& expect) {
  for (const auto& result : results) {
    if (const auto missing = no_answer(result, "Exhibitor"); !missing.empty()) {
      return Verdict::not_yet(missing);
    }
    const auto servers = parse_exhibitor_status(result.out);
    if (!servers) {
      return Verdict::not_yet(fmt::format("Exhibitor on {} answers with something else: {}",
                                          result.node, shortened(result.out)));
    }
    for (const auto& address : expect) {
      const auto server = std::ranges::find(*servers, address, &ExhibitorServer::hostname);
      if (server == servers->end()) {
        return Verdict::not_yet(
            fmt::format("Exhibitor on {} does not see {} yet", result.node, address));
      }
      if (server->code != 3) {
        return Verdict::not_yet(
            fmt::format("Exhibitor on {} sees {} {}", result.node, address, server->description));
      }
    }
    if (servers->size() != expect.size()) {
      return Verdict::not_yet(fmt::format("Exhibitor on {} sees {} servers, not {}", result.node,
                                          servers->size(), expect.size()));
    }
    const auto leaders = std::ranges::count(*servers, true, &ExhibitorServer::leader);
    if (leaders != 1) {
      return Verdict::not_yet(
          fmt::format("Exhibitor on {} sees {} leaders, not 1", result.node, leaders));
    }
  }
  return Verdict::pass(fmt::format("all {} masters serve, seen from each of them", expect.size()));
}

Verdict judge_mesos_masters(const Results& results, const Expected&) {
  std::vector<std::string> leaders;
  for (const auto& result : results) {
    if (const auto missing = no_answer(result, "Mesos master"); !missing.empty()) {
      return Verdict::not_yet(missing);
    }
    const auto metrics = parse_metrics(result.out);
    if (!metrics) {
      return Verdict::not_yet(
          fmt::format("Mesos master on {} answers without metrics", result.node));
    }
    const auto value = [&](const char* name) {
      const auto found = metrics->find(name);
      return found == metrics->end() ? 0.0 : found->second;
    };
    if (value("registrar/log/recovered") != 1.0) {
      return Verdict::not_yet(
          fmt::format("the registrar of the Mesos master on {} has not recovered", result.node));
    }
    if (value("master/elected") == 1.0) leaders.push_back(result.node);
  }
  if (leaders.empty()) return Verdict::not_yet("no Mesos master is elected yet");
  if (leaders.size() > 1) {
    return Verdict::not_yet("more than one Mesos master calls itself elected: " +
                            join(leaders, ", "));
  }
  return Verdict::pass("Mesos is led by " + leaders[0]);
}

Verdict judge_marathon(const Results& results, const Expected&) {
  std::string leader;
  for (const auto& result : results) {
    if (const auto missing = no_answer(result, "Marathon"); !missing.empty()) {
      return Verdict::not_yet(missing);
    }
    const auto info = parse_marathon_info(result.out);
    if (!info) {
      return Verdict::not_yet(
          fmt::format("Marathon on {} answers with something else", result.node));
    }
    if (info->leader.empty()) {
      return Verdict::not_yet(fmt::format("Marathon on {} has no leader yet", result.node));
    }
    leader = info->leader;
  }
  return Verdict::pass("Marathon is led by " + leader);
}

Verdict judge_admin_router(const Results& results, const Expected&) {
  const auto& result = results.at(0);
  if (const auto missing = no_answer(result, "Admin Router"); !missing.empty()) {
    return Verdict::not_yet(missing);
  }
  const auto version = parse_dcos_version(result.out);
  if (!version) {
    return Verdict::not_yet(fmt::format("Admin Router on {} answers with something else: {}",
                                        result.node, shortened(result.out)));
  }
  return Verdict::pass(fmt::format("Admin Router on {} serves DC/OS {}", result.node, *version));
}

Verdict judge_registered(const Results& results, const Expected&) {
  const auto& result = results.at(0);
  if (const auto missing = no_answer(result, "Mesos agent"); !missing.empty()) {
    return Verdict::not_yet(missing);
  }
  const auto metrics = parse_metrics(result.out);
  const auto found = metrics ? metrics->find("slave/registered") : decltype(metrics->end()){};
  if (!metrics || found == metrics->end()) {
    return Verdict::not_yet(fmt::format("Mesos agent on {} answers without metrics", result.node));
  }
  if (found->second != 1.0) {
    return Verdict::not_yet(fmt::format("{} runs, but is not registered yet", result.node));
  }
  return Verdict::pass(result.node + " is registered");
}

Verdict judge_agents(const Results& results, const Expected& expect) {
  std::optional<std::vector<MesosAgent>> agents;
  std::string missing = "no Mesos master was asked";
  for (const auto& result : results) {
    missing = no_answer(result, "Mesos master");
    if (!missing.empty()) continue;
    // A master that does not lead redirects; one that has no agents yet knows less than another.
    auto answer = parse_mesos_agents(result.out);
    if (answer && (!agents || answer->size() > agents->size())) agents = std::move(answer);
  }
  if (!agents) return Verdict::not_yet(missing.empty() ? "no Mesos master lists agents" : missing);
  std::erase_if(*agents, [](const auto& agent) { return !agent.active; });
  std::vector<std::string> absent;
  std::vector<std::string> wrong;
  std::vector<std::string> known;
  for (const auto& line : expect) {
    const auto words = split(line, ' ');  // address, node, public or private
    const auto agent = std::ranges::find(*agents, words.at(0), &MesosAgent::address);
    known.push_back(words.at(0));
    if (agent == agents->end()) {
      absent.push_back(words.at(1));
    } else if (agent->is_public != (words.at(2) == "public")) {
      wrong.push_back(fmt::format("{} is registered as a {} agent", words.at(1),
                                  agent->is_public ? "public" : "private"));
    }
  }
  if (!absent.empty()) {
    return Verdict::not_yet("not known to the leading master: " + join(absent, ", "));
  }
  if (!wrong.empty()) return Verdict::failed(join(wrong, ", "));
  for (const auto& agent : *agents) {
    if (std::ranges::find(known, agent.address) == known.end()) {
      return Verdict::not_yet(fmt::format("an agent that is not of this lab is registered: {} ({})",
                                          agent.hostname, agent.address));
    }
  }
  return Verdict::pass(
      fmt::format("{} agent{} registered", expect.size(), expect.size() == 1 ? "" : "s"));
}

Verdict judge_poststart(const Results& results, const Expected&) {
  const auto& result = results.at(0);
  if (!result.reached) return Verdict::not_yet(silent(result, "ssh"));
  if (trim(result.out) == "none") {
    return Verdict::pass(fmt::format("{} has no checks of its own", result.node));
  }
  const auto report = parse_check_report(result.out);
  if (!report) {
    const auto& text = trim(result.error).empty() ? result.out : result.error;
    return Verdict::not_yet(fmt::format("the checks on {} end with code {}: {}", result.node,
                                        result.status, shortened(text)));
  }
  if (!report->error.empty()) {
    return Verdict::not_yet(
        fmt::format("the checks on {} cannot run: {}", result.node, shortened(report->error)));
  }
  std::vector<std::string> bad;
  for (const auto& check : report->checks) {
    if (check.status == 0) continue;
    auto text = check.name;
    if (const auto output = shortened(check.output); !output.empty()) text += " (" + output + ")";
    bad.push_back(std::move(text));
  }
  if (!bad.empty() || report->status != 0 || result.status != 0) {
    return Verdict::not_yet(
        fmt::format("checks on {} fail: {}", result.node,
                    bad.empty() ? fmt::format("status {}", report->status) : join(bad, "; ")));
  }
  return Verdict::pass(fmt::format("{} checks on {} pass", report->checks.size(), result.node));
}

}  // namespace vmlab

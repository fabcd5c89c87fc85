// ssh, exec, cp, logs and export, in a world in memory.
#include <algorithm>

#include "cli/export.h"
#include "cli/journal.h"
#include "support/commands_fixture.h"
#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

class NodeCommands : public test::CommandsFixture {
 protected:
  void power_off(const std::string& domain) {
    world_.domains_by_name.at(domain).info.state = DomainState::shut_off;
  }
  test::FakeGuest& guest(const std::string& node) {
    return world_.guests.at("/state/labs/small/" + node + ".qcow2");
  }
};

TEST_F(NodeCommands, ExecAsARecord) {
  bring_up();
  world_.answer = [](const std::string& node, const std::string& script) {
    std::optional<GuestResult> answer;
    if (script == "id -u") answer = GuestResult{node == "box-2" ? 4 : 0, "0\n", "oh\n"};
    return answer;
  };
  EXPECT_EQ(run({"exec", "*", "--json", "--", "id", "-u"}), ExitCode::failed);
  const auto record = nlohmann::json::parse(out_);
  EXPECT_EQ(record["failed"], 1);
  EXPECT_EQ(record["nodes"][0]["exit_code"], 0);
  EXPECT_EQ(record["nodes"][0]["out"], "0\n");
  EXPECT_EQ(record["nodes"][1]["exit_code"], 4);
  EXPECT_EQ(record["nodes"][1]["err"], "oh\n");
  EXPECT_TRUE(err_.empty()) << err_;
}

TEST_F(NodeCommands, ANodeThatIsDownIsSaidAtOnce) {
  bring_up();
  power_off("small-box-2");
  const auto before = world_.monotonic();
  EXPECT_EQ(run({"exec", "*", "--", "true"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot reach node 'box-2': its domain is shut off"), std::string::npos)
      << err_;
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"ssh", "box-2"}, {"logs", "box-2"}, {"cp", "box-2:/etc/hosts", "/tmp/"}}) {
    EXPECT_EQ(run(words), ExitCode::failed) << words.front();
    EXPECT_NE(err_.find("its domain is shut off"), std::string::npos) << err_;
  }
  EXPECT_EQ(world_.monotonic(), before) << "somebody waited for it";
}

TEST_F(NodeCommands, NothingIsAskedOfALabThatIsNotUp) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"exec", "*", "--lab", "/topologies/small.yaml", "--", "true"},
           {"logs", "box-1", "--lab", "/topologies/small.yaml"},
           {"export", "hosts", "/topologies/small.yaml"}}) {
    EXPECT_EQ(run(words), ExitCode::failed) << words.front();
    EXPECT_NE(err_.find("vmlab up /topologies/small.yaml"), std::string::npos) << err_;
  }
}

TEST_F(NodeCommands, AKeyThatChangedIsNoUnreachableNode) {
  bring_up();
  world_.answer = [](const std::string&, const std::string& script) -> std::optional<GuestResult> {
    if (script == "true")
      throw Untrusted("cannot trust 'box-1': its ssh host key is another", "look");
    return std::nullopt;
  };
  EXPECT_EQ(run({"exec", "box-1", "--", "true"}), ExitCode::failed);
  EXPECT_NE(err_.find("its ssh host key is another"), std::string::npos) << err_;
}

TEST_F(NodeCommands, FilesGoToANode) {
  bring_up();
  world_.files["/here/a.txt"] = "aaaa";
  world_.files["/here/deep/b.txt"] = "bb";
  EXPECT_EQ(run({"cp", "/here/a.txt", "box-1:/root/"}), ExitCode::done) << err_;
  EXPECT_TRUE(guest("box-1").files.contains("/root/a.txt"));
  EXPECT_NE(err_.find("copied 1 file, 4 B in"), std::string::npos) << err_;
  EXPECT_EQ(run({"cp", "/here", "box-1:/srv/"}), ExitCode::done) << err_;
  EXPECT_TRUE(guest("box-1").files.contains("/srv/here/deep/b.txt"));
  // What is there is gone into; what is not becomes the name.
  world_.answer = [](const std::string&, const std::string& script) {
    std::optional<GuestResult> answer;
    if (script == "[ -d '/new' ]" || script == "[ -d /new ]") answer = GuestResult{1, "", ""};
    return answer;
  };
  EXPECT_EQ(run({"cp", "/here", "box-1:/new"}), ExitCode::done) << err_;
  EXPECT_TRUE(guest("box-1").files.contains("/new/deep/b.txt"));
  EXPECT_EQ(run({"cp", "/here/a.txt", "/here/deep/b.txt", "box-1:/new"}), ExitCode::failed);
  EXPECT_NE(err_.find("no directory"), std::string::npos) << err_;
}

TEST_F(NodeCommands, FilesComeFromANode) {
  bring_up();
  guest("box-1").files = {"/var/log/a", "/var/log/deep/b"};
  world_.answer = [](const std::string&, const std::string& script) {
    std::optional<GuestResult> answer;
    if (script.find("/var/log") != std::string::npos) {
      using namespace std::string_literals;
      answer = GuestResult{0, "d 755 0 \0f 644 3 a\0d 700 0 deep\0f 600 4 deep/b\0"s, ""};
    }
    return answer;
  };
  EXPECT_EQ(run({"cp", "box-1:/var/log", "/there"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.files.contains("/there/a"));
  EXPECT_TRUE(world_.files.contains("/there/deep/b"));
  EXPECT_NE(err_.find("copied 2 files, 7 B in"), std::string::npos) << err_;
}

TEST_F(NodeCommands, ANodeCannotWriteOutsideOfTheDestination) {
  bring_up();
  for (const std::string path : {"../../etc/passwd", "/etc/passwd", "a/../../b"}) {
    world_.answer = [&](const std::string&, const std::string&) {
      return std::optional(GuestResult{0, "f 644 3 " + path + std::string(1, '\0'), ""});
    };
    EXPECT_EQ(run({"cp", "box-1:/x", "/there"}), ExitCode::failed) << path;
    EXPECT_NE(err_.find("leads out of"), std::string::npos) << err_;
  }
}

TEST_F(NodeCommands, CopiesThatMakeNoSenseAreBadInput) {
  bring_up();
  world_.files["/here/a.txt"] = "aaaa";
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"cp", "a"},
                                             {"cp", "a", "b"},
                                             {"cp", "box-1:a", "box-2:b"},
                                             {"cp", "box-1:a", "/here/a.txt", "box-1:b"},
                                             {"cp", "/no/such", "box-1:"},
                                             {"cp", "/here/a.txt", "bax-1:"}}) {
    EXPECT_EQ(run(words), ExitCode::bad_input) << err_;
    EXPECT_NE(err_.find("error:"), std::string::npos);
  }
  EXPECT_EQ(run({"cp", "box-1:a", "/none/there/b"}), ExitCode::bad_input);
  EXPECT_EQ(err_,
            "error: cannot write '/none/there/b': there is no directory '/none/there'\n"
            "  hint: a slash at its end has it made, to copy into: /none/there/b/\n");
  EXPECT_EQ(run({"cp", "./with:colon", "box-1:"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("'./with:colon': there is no such file"), std::string::npos) << err_;
}

std::string record(std::int64_t ms, const std::string& unit, const std::string& message,
                   int priority = 6) {
  const nlohmann::json json = {{"__REALTIME_TIMESTAMP", std::to_string(ms * 1000)},
                               {"_SYSTEMD_UNIT", unit},
                               {"PRIORITY", std::to_string(priority)},
                               {"MESSAGE", message}};
  return json.dump() + "\n";
}

TEST_F(NodeCommands, JournalsOfSeveralNodesAreOneByTime) {
  bring_up();
  std::string asked;
  world_.answer = [&](const std::string& node, const std::string& script) {
    std::optional<GuestResult> answer;
    if (script.find("journalctl") == std::string::npos) return answer;
    asked = script;
    answer = node == "box-1"
                 ? GuestResult{0,
                               record(1000, "ssh.service", "one\ntwo") +
                                   record(3000, "ssh.service", "three", 3),
                               ""}
                 : GuestResult{0, "no json\n" + record(2000, "x.service", "middle"), ""};
    return answer;
  };
  EXPECT_EQ(run({"logs", "*", "-u", "ssh", "--boot", "-n", "5", "--since", "1 min ago"}),
            ExitCode::done)
      << err_;
  EXPECT_EQ(out_,
            "1970-01-01 00:00:01.000 box-1 ssh: one\n    two\n"
            "1970-01-01 00:00:02.000 box-2 x: middle\n"
            "1970-01-01 00:00:03.000 box-1 ssh: three\n");
  EXPECT_EQ(asked,
            "exec journalctl --no-pager -q -o json -b --lines=5 '--since=1 min ago' --unit=ssh");
  EXPECT_EQ(run({"logs", "box-2"}), ExitCode::done);
  EXPECT_EQ(out_, "1970-01-01 00:00:02.000 x: middle\n");
  EXPECT_EQ(run({"logs"}), ExitCode::bad_input);
  EXPECT_EQ(run({"logs", "--components"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("nothing is installed on plain nodes"), std::string::npos) << err_;
}

TEST_F(NodeCommands, AUnitThatNoNodeHasIsNamedWithASuggestion) {
  bring_up();
  world_.answer = [&](const std::string& node, const std::string& script) {
    GuestResult answer;
    if (script.find("LoadState") != std::string::npos) {
      // box-2 alone has a Docker.
      const bool docker = script.find(" docker)") != std::string::npos && node == "box-2";
      answer.out = docker ? "LoadState=loaded\n"
                          : "LoadState=not-found\n\n/lib/systemd/system:\ncron.service\n"
                            "dcos-exhibitor.service\ngetty@.service\n";
    }
    return std::optional<GuestResult>(answer);
  };
  EXPECT_EQ(run({"logs", "*", "--unit", "crom"}), ExitCode::bad_input);
  EXPECT_EQ(err_, "error: no unit 'crom' on box-1, box-2\n  hint: did you mean 'cron'?\n");
  EXPECT_EQ(run({"logs", "box-1", "--unit", "exhibitor", "--follow"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("did you mean 'dcos-exhibitor'?"), std::string::npos) << err_;
  EXPECT_EQ(run({"logs", "box-1", "--unit", "dcos-exhibitor"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("how far the install has come"), std::string::npos) << err_;
  EXPECT_EQ(run({"logs", "box-1", "--unit", "zzz"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("vmlab ssh box-1 -- systemctl list-units --all"), std::string::npos) << err_;
  EXPECT_EQ(run({"logs", "box-1", "--unit", "docker"}), ExitCode::bad_input);
  EXPECT_EQ(run({"logs", "*", "--unit", "docker"}), ExitCode::done) << "it is box-2's";
  EXPECT_NE(err_.find("no entries"), std::string::npos) << err_;
  EXPECT_EQ(run({"logs", "box-1", "--unit", "cr*"}), ExitCode::done) << "a pattern is no name";
}

TEST(Journal, UnitsThatAreNotThereAreToldInTheOrderInWhichTheyWereAsked) {
  const std::vector<std::string> units = {"docker", "fstrim.timer", "x"};
  EXPECT_EQ(unit_search_script(units).find("states=$(systemctl --no-pager show -p LoadState -- "
                                           "docker fstrim.timer x)\n"),
            0U);
  const auto search = read_unit_search(units,
                                       "LoadState=not-found\n\nLoadState=loaded\n\nLoadState=not-"
                                       "found\n/lib:\ncron.service\nx@.service\n");
  EXPECT_EQ(search.missing, (std::vector<std::string>{"docker", "x"}));
  EXPECT_EQ(search.services, std::vector<std::string>{"cron"});
}

TEST(Journal, EntriesOfOneMomentKeepTheOrderOfTheUnits) {
  std::vector<JournalEntry> entries;
  for (const std::string unit : {"dcos-marathon", "other", "dcos-exhibitor"}) {
    entries.push_back({.time_us = 5, .node = "m", .unit = unit, .priority = 6, .message = {}});
  }
  entries.push_back({.time_us = 4, .node = "m", .unit = "last", .priority = 6, .message = {}});
  sort_journal(entries, {"dcos-exhibitor", "dcos-marathon"});
  std::string order;
  for (const auto& entry : entries) order += entry.unit + " ";
  EXPECT_EQ(order, "last dcos-exhibitor dcos-marathon other ");
}

TEST(Journal, BytesThatAreNoTextAreShownHarmless) {
  const auto entry = read_journal_entry(
      "m", R"({"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":"x","MESSAGE":[27,91,50,74,97]})");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->message, "\x1b[2Ja");
  EXPECT_EQ(render_journal_entry(*entry, 0, {}), "1970-01-01 00:00:00.000 x: a\n");
  EXPECT_FALSE(read_journal_entry("m", "[1]"));
  EXPECT_FALSE(read_journal_entry("m", "-- No entries --"));
}

TEST(Journal, StatesOfUnitsThatAreThere) {
  const auto states = read_unit_states(
      "m",
      "Result=success\nId=dcos-net.service\nLoadState=loaded\nActiveState=active\n"
      "SubState=running\n\nResult=exit-code\nId=dcos-marathon.service\nLoadState=loaded\n"
      "ActiveState=activating\nSubState=auto-restart\n\nResult=success\nId=dcos-oauth.service\n"
      "LoadState=not-found\nActiveState=inactive\nSubState=dead\n");
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].unit, "dcos-net");
  EXPECT_EQ(states[0].state, "active (running)");
  EXPECT_FALSE(states[0].failed);
  EXPECT_EQ(states[1].state, "activating (auto-restart, exit-code)");
  EXPECT_TRUE(states[1].failed);
}

TEST_F(NodeCommands, ExportGoesToAFileOrSaysWhyNot) {
  bring_up();
  EXPECT_EQ(run({"export", "hosts"}), ExitCode::done) << err_;
  const auto hosts = out_;
  EXPECT_NE(hosts.find("box-1.small.test box-1\n"), std::string::npos) << hosts;
  EXPECT_EQ(run({"export", "hosts", "--output", "/topologies/hosts"}), ExitCode::done) << err_;
  EXPECT_EQ(world_.files.at("/topologies/hosts"), hosts);
  EXPECT_EQ(run({"export", "hosts", "--output", "/nowhere/hosts"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("cannot write '/nowhere/hosts': there is no directory '/nowhere'"),
            std::string::npos)
      << err_;
  EXPECT_EQ(run({"export", "hosts", "--output", "/topologies"}), ExitCode::bad_input);
  EXPECT_EQ(run({"export", "host"}), ExitCode::bad_input);
  EXPECT_EQ(run({"export", "ssh-config"}), ExitCode::done);
  EXPECT_EQ(world_.files.at("/state/labs/small/ssh_config"), out_);
}

TEST(Export, ReadsLikeThis) {
  Settings settings;
  settings.paths.root = "/var/lib/my labs";
  const auto lab = test::quickstart();
  test::expect_golden("cli/export-ansible.yaml", ansible_inventory(lab, settings));
  test::expect_golden("cli/export-hosts.txt", hosts_lines(lab));
  test::expect_golden("cli/export-env.txt", env_lines(lab, settings));
  auto record = lab_json(lab, settings);
  test::expect_golden("cli/export.json", dump(record));
}

}  // namespace
}  // namespace vmlab

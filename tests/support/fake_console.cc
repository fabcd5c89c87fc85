// What a running domain tells in the world in memory: its console, how its boot goes, its CPU time.
#include <fmt/format.h>

#include <pugixml.hpp>

#include "support/fake_world.h"

namespace vmlab::test {

struct FakeConsole : SerialConsole {
  explicit FakeConsole(ConsoleEvents given) : events(std::move(given)) {}
  void send(std::string_view text) override {
    events.on_output(text);
    if (text.find("poweroff") != std::string_view::npos) events.on_end("");
  }
  ConsoleEvents events;
};

std::unique_ptr<SerialConsole> FakeWorld::open_console(const std::string& domain, bool,
                                                       ConsoleEvents events) {
  const std::lock_guard lock(mutex_);
  alive();
  if (!domains_by_name.contains(domain)) {
    throw Error(fmt::format("cannot open the console of domain '{}': no domain", domain));
  }
  auto console = std::make_unique<FakeConsole>(std::move(events));
  console->events.on_output("login: ");
  return console;
}

void FakeWorld::say(const FakeDomain& domain, const std::string& text) {
  pugi::xml_document document;
  document.load_string(domain.xml.c_str());
  const auto log = document.child("domain").child("devices").child("serial").child("log");
  files[log.attribute("file").value()] += text;
}

void FakeWorld::begin_boot(FakeDomain& domain) {
  domain.console = FakeDomain::Console::silent;
  domain.hangs = domain.ends = false;
  const auto boot = domain.info.label ? boots.find(domain.info.label->node) : boots.end();
  if (boot == boots.end()) return;
  domain.hangs = boot->second.hangs > 0 && boot->second.hangs-- > 0;
  domain.ends = boot->second.ends > 0 && boot->second.ends-- > 0;
}

void FakeWorld::go_on_booting() {
  using Console = FakeDomain::Console;
  for (auto& [name, domain] : domains_by_name) {
    if (domain.info.state != DomainState::running || !domain.info.label) continue;
    const auto found = boots.find(domain.info.label->node);
    if (found == boots.end() || found->second.first.empty()) continue;
    const auto& [node, boot] = *found;
    const auto up = time_ - domain.started;
    if (domain.console == Console::silent) {
      domain.console = Console::booting;
      say(domain, boot.first + "\r\n");
    } else if (domain.hangs || domain.console == Console::login) {
      continue;
    } else if (up < boot.login_after) {
      say(domain, fmt::format("[ {}] still booting\r\n", up.count()));
    } else {
      domain.console = Console::login;
      // cloud-init goes on after the prompt.
      say(domain, fmt::format("\r\n{} login: [ {}] cloud-init: done\r\n", node, up.count()));
    }
  }
}

}  // namespace vmlab::test

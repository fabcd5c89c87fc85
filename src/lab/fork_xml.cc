#include "lab/fork_xml.h"

#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "base/error.h"

namespace vmlab {

namespace {

// Root disk and seed; what follows is a node's own.
constexpr std::size_t shared_disks = 2;

pugi::xml_document parse(std::string_view xml, const char* whose) {
  pugi::xml_document document;
  const auto result =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!result || !document.child("domain")) {
    throw Error(fmt::format("cannot read the {} XML: {}", whose,
                            result ? "it has no domain" : result.description()));
  }
  return document;
}

std::string compact(const pugi::xml_node& node) {
  std::ostringstream out;
  node.print(out, "", pugi::format_raw | pugi::format_no_declaration);
  return out.str();
}

/// Puts `own`'s element in the place of `saved`'s.
void replace(pugi::xml_node saved, pugi::xml_node own, const char* name) {
  const auto old = saved.child(name);
  const auto now = own.child(name);
  if (old && now) saved.insert_copy_after(now, old);
  if (!old && now) saved.prepend_copy(now);
  if (old) saved.remove_child(old);
}

}  // namespace

std::string forked_xml(std::string_view saved_xml, std::string_view own_xml) {
  const auto document = parse(saved_xml, "saved");
  const auto own_document = parse(own_xml, "node's");
  auto saved = document.child("domain");
  const auto own = own_document.child("domain");
  for (const char* name : {"name", "uuid", "genid", "title", "metadata"}) replace(saved, own, name);
  // The emulator's own affair, not the guest's: whoever installs translates more than a template.
  replace(saved.child("features"), own.child("features"), "tcg");
  saved.remove_child("description");
  auto devices = saved.child("devices");
  const auto own_devices = own.child("devices");
  auto disk = devices.child("disk");
  auto own_disk = own_devices.child("disk");
  for (std::size_t i = 0; i < shared_disks; ++i) {
    auto file = disk.child("source").attribute("file");
    const auto own_file = own_disk.child("source").attribute("file");
    if (!file || !own_file) throw Error("cannot fork a domain: it has no disks of a node");
    file.set_value(own_file.value());
    // libvirt looks at the files themselves for what lies below them.
    disk.remove_child("backingStore");
    disk = disk.next_sibling("disk");
    own_disk = own_disk.next_sibling("disk");
  }
  if (disk) throw Error("cannot fork a domain: it has more disks than a template");
  const auto console = own_devices.child("serial").child("log").attribute("file").value();
  for (const char* kind : {"serial", "console"}) {
    for (auto device : devices.children(kind)) {
      device.remove_attribute("tty");
      device.remove_child("source");
      if (auto log = device.child("log")) log.attribute("file").set_value(console);
    }
  }
  for (auto channel : devices.children("channel")) channel.remove_child("source");
  return compact(saved);
}

AddedDevices added_devices(std::string_view own_xml) {
  const auto document = parse(own_xml, "node's");
  const auto devices = document.child("domain").child("devices");
  AddedDevices added;
  std::size_t number = 0;
  for (const auto disk : devices.children("disk")) {
    if (number++ >= shared_disks) added.disks.push_back(compact(disk));
  }
  added.nic = compact(devices.child("interface"));
  return added;
}

}  // namespace vmlab

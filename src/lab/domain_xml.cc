#include "lab/domain_xml.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "lab/xml_label.h"

namespace vmlab {

namespace {

/// QEMU takes 1 GiB of the host's memory for translated code unless told otherwise, and empties a
/// cache that is full: all is translated again. An installation fills 256 MiB four times. A node
/// that only boots keeps the host's memory: idle, one of 8 GiB and debian-12 has 570 MiB resident
/// with 96 and 640 with 256; one that boots untrimmed had 835 with 256.
constexpr const char* small_cache_mib = "96";
constexpr const char* large_cache_mib = "256";

void add_head(pugi::xml_node domain, const Lab& lab, const Node& node) {
  set(domain, "type", lab.accelerator == Accelerator::kvm ? "kvm" : "qemu");
  add_child(domain, "name", node.domain_name);
  add_child(domain, "uuid", node.uuid);
  add_child(domain, "genid", uuid_v5("genid/" + node.uuid));
  add_child(domain, "title", fmt::format("{} of lab {}", node.name, lab.name));
  add_child(domain, "metadata");
  set(add_child(domain, "memory", std::to_string(node.memory_mib)), "unit", "MiB");
  add_child(domain, "vcpu", std::to_string(node.cpus));
}

void add_machine(pugi::xml_node domain, const Lab& lab, const char* cache_mib) {
  const bool kvm = lab.accelerator == Accelerator::kvm;
  auto type = add_child(add_child(domain, "os"), "type", "hvm");
  set(set(type, "arch", "x86_64"), "machine", "q35");
  auto features = add_child(domain, "features");
  add_child(features, "acpi");
  add_child(features, "apic");
  if (!kvm) {
    set(add_child(add_child(features, "tcg"), "tb-cache", cache_mib), "unit", "MiB");
  }
  auto cpu = add_child(domain, "cpu");
  if (kvm) {
    set(cpu, "mode", "host-passthrough");
  } else {
    // The oldest model that RHEL 9 boots on (x86-64-v2); more features make emulation no faster.
    set(set(cpu, "mode", "custom"), "match", "exact");
    set(cpu, "check", "none");
    set(add_child(cpu, "model", "Nehalem"), "fallback", "allow");
  }
  auto clock = set(add_child(domain, "clock"), "offset", "utc");
  set(set(add_child(clock, "timer"), "name", "rtc"), "tickpolicy", "catchup");
  set(set(add_child(clock, "timer"), "name", "pit"), "tickpolicy", "delay");
  set(set(add_child(clock, "timer"), "name", "hpet"), "present", "no");
  add_child(domain, "on_poweroff", "destroy");
  add_child(domain, "on_reboot", "restart");
  add_child(domain, "on_crash", "destroy");
  auto pm = add_child(domain, "pm");
  set(add_child(pm, "suspend-to-mem"), "enabled", "no");
  set(add_child(pm, "suspend-to-disk"), "enabled", "no");
}

/// `type='file'`: with `volume` libvirt's AppArmor helper does not see the file.
pugi::xml_node add_disk(pugi::xml_node devices, const std::filesystem::path& file,
                        const char* format, const std::string& target) {
  auto disk = set(set(add_child(devices, "disk"), "type", "file"), "device", "disk");
  auto driver = set(set(add_child(disk, "driver"), "name", "qemu"), "type", format);
  set(set(driver, "cache", "unsafe"), "discard", "unmap");
  set(add_child(disk, "source"), "file", file.string());
  set(set(add_child(disk, "target"), "dev", target), "bus", "virtio");
  return disk;
}

/// vda, vdb … vdz, vdaa …
std::string disk_target(std::size_t number) {
  std::string letters;
  for (auto rest = number + 1; rest > 0; rest = (rest - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('a' + (rest - 1) % 26));
  }
  return "vd" + letters;
}

void add_disks(pugi::xml_node devices, const Node& node, const DomainFiles& files) {
  auto root = add_disk(devices, files.root_disk, "qcow2", disk_target(0));
  set(add_child(root, "boot"), "order", "1");
  // Cloud kernels have no SATA driver: a seed on an emulated CD-ROM would never be seen.
  auto seed = add_disk(devices, files.seed, "raw", disk_target(1));
  add_child(seed, "readonly");
  add_child(seed, "serial", "vmlab-seed");
  for (std::size_t i = 0; i < node.disks.size(); ++i) {
    auto disk = add_disk(devices, files.data_disks.at(i), "qcow2", disk_target(i + 2));
    add_child(disk, "serial", node.disks[i].label);
  }
}

void add_nic(pugi::xml_node devices, const Lab& lab, const Node& node) {
  auto nic = set(add_child(devices, "interface"), "type", "network");
  set(add_child(nic, "mac"), "address", node.mac);
  set(add_child(nic, "source"), "network", lab.network.name);
  set(add_child(nic, "model"), "type", "virtio");
  set(add_child(nic, "rom"), "enabled", "no");  // nothing boots from the network
}

/// Where devices can be put while the machine runs.
void add_spare_slots(pugi::xml_node devices) {
  set(set(add_child(devices, "controller"), "type", "pci"), "model", "pcie-root");
  // libvirt takes them for the disks, the balloon, the channel and rng as well.
  constexpr std::size_t taken = 5;
  for (std::size_t i = 0; i < taken + spare_slots; ++i) {
    set(set(add_child(devices, "controller"), "type", "pci"), "model", "pcie-root-port");
  }
}

/// Without a lab: a template's.
void add_devices(pugi::xml_node domain, const Lab* lab, const Node& node,
                 const DomainFiles& files) {
  auto devices = add_child(domain, "devices");
  add_disks(devices, node, files);
  set(set(add_child(devices, "controller"), "type", "usb"), "model", "none");
  if (lab != nullptr) {
    add_nic(devices, *lab, node);
  } else {
    add_spare_slots(devices);
  }
  // A terminal for `virsh console`, and every byte of it in the log.
  auto serial = set(add_child(devices, "serial"), "type", "pty");
  set(set(add_child(serial, "log"), "file", files.console.string()), "append", "on");
  set(add_child(serial, "target"), "port", "0");
  auto channel = set(add_child(devices, "channel"), "type", "unix");
  set(set(add_child(channel, "target"), "type", "virtio"), "name", "org.qemu.guest_agent.0");
  set(set(add_child(devices, "memballoon"), "model", "virtio"), "freePageReporting", "on");
  auto rng = set(add_child(devices, "rng"), "model", "virtio");
  set(add_child(rng, "backend", "/dev/urandom"), "model", "random");
}

/// The XML of the node's memory must fit where the template's was: it has room to spare.
constexpr std::size_t spare_bytes = 4096;

}  // namespace

LabelledXml domain_xml(const Lab& lab, const Node& node, const DomainFiles& files) {
  if (lab.accelerator == Accelerator::automatic) {
    throw Error(fmt::format("cannot describe domain '{}': the accelerator is not proven yet",
                            node.domain_name));
  }
  if (files.data_disks.size() != node.disks.size()) {
    throw Error(fmt::format("cannot describe domain '{}': {} data disks, {} files for them",
                            node.domain_name, node.disks.size(), files.data_disks.size()));
  }
  pugi::xml_document document;
  auto domain = document.append_child("domain");
  add_head(domain, lab, node);
  add_machine(domain, lab, node.role == Role::plain ? small_cache_mib : large_cache_mib);
  add_devices(domain, &lab, node, files);
  return labelled(document, domain.child("metadata"), lab.name, node.name,
                  sha256_hex(xml_text(document)));
}

LabelledXml template_xml(const Lab& lab, const Node& shape, const std::string& name,
                         const DomainFiles& files) {
  Node node = shape;
  node.domain_name = name;
  node.uuid = uuid_v5("template/" + name);
  node.disks.clear();
  pugi::xml_document document;
  auto domain = document.append_child("domain");
  add_head(domain, lab, node);
  domain.child("title").text().set("memory that vmlab's nodes are forked from");
  add_child(domain, "description", std::string(spare_bytes, '.'));
  add_machine(domain, lab, small_cache_mib);  // the same for nodes of every role
  add_devices(domain, nullptr, node, files);
  return labelled(document, domain.child("metadata"), "template/" + name, {},
                  sha256_hex(xml_text(document)));
}

}  // namespace vmlab

// The real ports, each made when it is first used: commands that only read files start without a
// libvirt connection.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "cli/trace.h"
#include "host/ports.h"

namespace vmlab {

/// What makes each port; from any thread.
struct PortMakers {
  std::function<std::unique_ptr<Hypervisor>()> hypervisor;
  std::function<std::unique_ptr<Images>(bool accelerated)> images;
  std::function<std::unique_ptr<Guests>()> guests;
  std::function<std::unique_ptr<System>()> system;
};

/// The adapters of src/host for a libvirt URI.
PortMakers real_makers(const std::string& uri);

/// Where the state is, as it is compared and kept in labels: absolute, without a slash at the end.
std::filesystem::path state_directory(const std::string& written);

/// Whether KVM is proven on this host; asked once, when what is inside an image is first worked on.
using Accelerated = std::function<bool(Ports& ports)>;

/// Owns the ports.
class World {
 public:
  World(PortMakers makers, Accelerated accelerated, const Trace& trace = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Ports& ports();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace vmlab

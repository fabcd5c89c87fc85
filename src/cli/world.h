// The real ports, each made when it is first used: commands that only read files start without a
// libvirt connection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/ports.h"

namespace vmlab {

/// What makes each port; called at most once each, from any thread.
struct PortMakers {
  std::function<std::unique_ptr<Hypervisor>()> hypervisor;
  std::function<std::unique_ptr<Images>()> images;
  std::function<std::unique_ptr<Guests>()> guests;
  std::function<std::unique_ptr<System>()> system;
};

/// The adapters of src/host for a libvirt URI. `accelerated` tells whether KVM is proven on this
/// host; asked when images are first worked on.
PortMakers real_makers(const std::string& uri, std::function<bool()> accelerated);

/// Owns the ports.
class World {
 public:
  explicit World(PortMakers makers);
  ~World();
  World(World&&) noexcept;
  World& operator=(World&&) noexcept;

  Ports ports();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace vmlab

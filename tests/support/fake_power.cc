// Power of the world in memory: where it may fail, and what is there when it is back.
#include <fmt/format.h>

#include <utility>

#include "support/fake_world.h"

namespace vmlab::test {

void FakeWorld::alive() const {
  if (dead_) throw PowerCut();
}

void FakeWorld::effect(const std::string& what, const std::function<void()>& happen) {
  alive();
  if (hinder) hinder(what);
  effects_.push_back(what);
  const bool now = cut_at_ != 0 && effects_.size() == cut_at_;
  if (now && cut_before_) {
    dead_ = true;
    throw PowerCut();
  }
  keep_moment("before", what);
  happen();
  keep_moment("after", what);
  if (now) {
    dead_ = true;
    throw PowerCut();
  }
}

void FakeWorld::cut_power_at(std::size_t effect, bool before) {
  const std::lock_guard lock(mutex_);
  effects_.clear();
  cut_at_ = effect;
  cut_before_ = before;
}

void FakeWorld::power_back() {
  const std::lock_guard lock(mutex_);
  dead_ = false;
  cut_at_ = 0;
  effects_.clear();
  locks_.clear();
  for (auto& [name, domain] : domains_by_name) domain.info.state = DomainState::shut_off;
  attached.clear();
  for (auto& [name, network] : networks_by_name) network.active = false;
}

void FakeWorld::keep_moment(const char* when, const std::string& what) {
  if (moments_ == nullptr) return;
  // All but guests, and the words of histories and records, is changed by effects alone.
  const bool before = std::string_view(when) == "before";
  if (before && !moments_->empty() && moments_->back().things.guests == guests) return;
  moments_->push_back({fmt::format("{} effect {}, {}", when, effects_.size(), what), *this});
}

std::vector<FakeMoment> FakeWorld::moments_of(const std::function<void()>& work) {
  std::vector<FakeMoment> moments;
  const auto keep_in = [this](std::vector<FakeMoment>* where) {
    const std::lock_guard lock(mutex_);
    effects_.clear();
    moments_ = where;
  };
  keep_in(&moments);
  work();
  keep_in(nullptr);
  return moments;
}

void FakeWorld::kill_in(const FakeMoment& moment) {
  const std::lock_guard lock(mutex_);
  static_cast<FakeThings&>(*this) = moment.things;
  locks_.clear();
}

void FakeWorld::cut_power_in(const FakeMoment& moment) {
  {
    const std::lock_guard lock(mutex_);
    static_cast<FakeThings&>(*this) = moment.things;
  }
  power_back();
}

}  // namespace vmlab::test

// Which of some keyed things the state lacks: those that changed, until a commit that holds them is durable.
#pragma once

#include <set>
#include <utility>

namespace dingtail::deliver {

template <class Key>
class Unsaved {
 public:
  void touch(const Key& key) { touched_.insert(key); }
  // What the next commit must hold; all of it again if that one is not durable before the next call.
  const std::set<Key>& take() {
    taken_.merge(std::exchange(touched_, {}));
    return taken_;
  }
  void committed() { taken_.clear(); }
  // It is as the state has it.
  void forget(const Key& key) { touched_.erase(key); }

  [[nodiscard]] bool any() const { return !touched_.empty(); }
  [[nodiscard]] bool has(const Key& key) const { return touched_.contains(key) || taken_.contains(key); }

 private:
  std::set<Key> touched_;  // since the last take()
  std::set<Key> taken_;    // in a commit that is not durable yet
};

}  // namespace dingtail::deliver

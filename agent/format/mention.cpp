#include "format/mention.h"

#include <algorithm>
#include <vector>

namespace dingtail::format {
namespace {

constexpr std::size_t kPeople = 50;

}  // namespace

void add_people(At& all, const At& more) {
  const auto add = [&](std::vector<std::string>& to, const std::vector<std::string>& from) {
    for (const auto& name : from) {
      if (all.mobiles.size() + all.user_ids.size() == kPeople) return;
      if (std::ranges::find(to, name) == to.end()) to.push_back(name);
    }
  };
  add(all.mobiles, more.mobiles);
  add(all.user_ids, more.user_ids);
  all.all = all.all || more.all;
}

At called(const config::Mention& mention, config::EventKind event) {
  At out;
  if (std::ranges::find(mention.on, event) != mention.on.end())
    add_people(out, {mention.mobiles, mention.user_ids, mention.all});
  return out;
}

std::string tokens(const At& at) {
  std::string out;
  const auto add = [&](const std::string& name) { out += (out.empty() ? "@" : " @") + name; };
  std::ranges::for_each(at.mobiles, add);
  std::ranges::for_each(at.user_ids, add);
  if (at.all) add("all");
  return out;
}

}  // namespace dingtail::format

#include "format/mention.h"

#include <algorithm>
#include <vector>

namespace dingtail::format {
namespace {

constexpr std::size_t kPeople = 50;

}  // namespace

bool add_people(At& all, const At& more) {
  const auto add = [&](std::vector<std::string>& to, const std::vector<std::string>& from) {
    return std::ranges::all_of(from, [&](const std::string& name) {
      if (std::ranges::find(to, name) != to.end()) return true;
      if (all.mobiles.size() + all.user_ids.size() == kPeople) return false;
      to.push_back(name);
      return true;
    });
  };
  all.all = all.all || more.all;
  const bool mobiles = add(all.mobiles, more.mobiles);
  return add(all.user_ids, more.user_ids) && mobiles;
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

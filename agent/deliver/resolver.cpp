#include "deliver/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace dingtail::deliver {
namespace {

constexpr base::Millis kPatienceWithGood = std::chrono::seconds(2);
constexpr const char* kSilent = "the resolver does not answer";

std::string text_of(const addrinfo& info) {
  const void* address =
      info.ai_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(info.ai_addr)->sin6_addr)
          : &reinterpret_cast<sockaddr_in*>(info.ai_addr)->sin_addr;
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(info.ai_family, address, text.data(), text.size());
}

}  // namespace

base::Result<std::vector<std::string>> look_up_by_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // each address once
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
    return base::fail(base::Code::kFailed,
                      code == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(code));
  std::vector<std::string> out;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) out.push_back(text_of(*each));
  ::freeaddrinfo(found);
  return out;
}

struct Resolver::Inbox {
  struct Answer {
    std::string host;
    base::Result<std::vector<std::string>> addresses;
  };

  void put(Answer answer) {
    const std::lock_guard lock(mutex);
    if (wake == nullptr) return;
    answers.push_back(std::move(answer));
    wake->wake();
  }

  std::mutex mutex;
  loop::Async* wake;  // null: nobody waits any more
  std::vector<Answer> answers;
};

Resolver::Resolver(loop::Loop& loop, LookUp look_up, base::Millis patience)
    : loop_(loop),
      look_up_(std::move(look_up)),
      patience_(patience),
      wake_(loop, [this] { take_answers(); }),
      inbox_(std::make_shared<Inbox>()) {
  inbox_->wake = &wake_;
}

Resolver::~Resolver() {
  const std::lock_guard lock(inbox_->mutex);
  inbox_->wake = nullptr;
}

void Resolver::resolve(const std::string& host, Done done) {
  Name& name = names_[host];
  name.waiting.push_back(std::move(done));
  if (!name.asked) ask(host);
  name.asked = true;
  if (name.waiting.size() > 1) return;
  if (!name.patience)
    name.patience = std::make_unique<loop::Timer>(loop_, [&name] { finish(name, kSilent); });
  name.patience->start(name.good.empty() ? patience_ : std::min(patience_, kPatienceWithGood));
}

void Resolver::ask(const std::string& host) {
  const auto work = [host, inbox = inbox_, look_up = look_up_] { inbox->put({host, look_up(host)}); };
  try {
    std::thread(work).detach();
  } catch (const std::system_error& error) {
    inbox_->put({host, base::fail(base::Code::kFailed, error.what())});
  }
}

void Resolver::take_answers() {
  std::vector<Inbox::Answer> answers;
  {
    const std::lock_guard lock(inbox_->mutex);
    answers.swap(inbox_->answers);
  }
  for (auto& [host, addresses] : answers) {
    Name& name = names_.at(host);
    name.asked = false;
    if (addresses) name.good = std::move(*addresses);
    finish(name, addresses ? std::string() : addresses.error().what);
  }
}

void Resolver::blame(const std::string& host) {
  if (const auto name = names_.find(host); name != names_.end()) ++name->second.blamed;
}

void Resolver::finish(Name& name, const std::string& error) {
  name.patience->stop();
  Resolved resolved{name.good, error};
  auto& list = resolved.addresses;
  if (!list.empty())
    std::rotate(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(name.blamed % list.size()),
                list.end());
  for (const auto& done : std::exchange(name.waiting, {})) done(resolved);
}

}  // namespace dingtail::deliver

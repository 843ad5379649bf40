// One prepared SQL statement, bound and stepped by position. Never left un-reset: it ends with its scope.
// Internal to state/.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dingtail::state {

class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);

  // Binds all parameters from the first on and runs the statement to its end.
  template <class... Values>
  base::Status run(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    const auto status = step();
    if (!status) return tl::unexpected(status.error());
    sqlite3_reset(statement_.get());
    return {};
  }

  // Parameters count from 1.
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, std::optional<std::uint64_t> value);  // nothing: NULL
  void bind(int index, std::string_view value);

  // Calls on_row for each row that is left.
  template <class OnRow>
  base::Status each(const OnRow& on_row) {
    while (true) {
      const auto row = step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) return {};
      TRY(on_row());
    }
  }

  // The next row: true; none left: false.
  base::Result<bool> step();
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
};

// Statements without parameters, `;` between them. What a failure leaves of a transaction is rolled back.
base::Status execute(sqlite3* database, const std::string& statements);

// The connection's last error. Its Code says what follows from it:
//   kNotDurable  an fsync failed
//   kInvalid     the content is not what an agent wrote, or cannot be read
//   kBusy        another process has it open
//   kNoSpace, kFailed  it may be otherwise a second later
base::Status fail_sql(sqlite3* database);

}  // namespace dingtail::state

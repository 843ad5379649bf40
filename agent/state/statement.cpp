#include "state/statement.h"

namespace dingtail::state {
namespace {

sqlite3_stmt* prepare(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  return statement;  // null on an error: step() tells it
}

}  // namespace

base::Status fail_sql(sqlite3* database, std::string_view doing) {
  const int code = sqlite3_errcode(database);
  const auto kind = code == SQLITE_FULL ? base::Code::kNoSpace : base::Code::kFailed;
  return base::fail(kind, std::string(doing) + ": " + sqlite3_errmsg(database) + " (" +
                              std::to_string(sqlite3_extended_errcode(database)) + ")");
}

Statement::Statement(sqlite3* database, std::string_view sql)
    : database_(database), statement_(prepare(database, sql), sqlite3_finalize) {}

base::Result<bool> Statement::step() {
  const int code = statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(fail_sql(database_, "state").error());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

void Statement::bind(int index, std::string_view value) {
  sqlite3_bind_text64(statement_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

}  // namespace dingtail::state

import Database from 'better-sqlite3';

export type Connection = Database.Database;

/** Milliseconds a write waits for another connection, such as a backup, before it gives up. */
const BUSY_TIMEOUT = 5_000;
const CACHE_KIBIBYTES = 65_536;

/** Opens the database file with the settings every connection of the catalog has. */
export function openDatabase(file: string): Connection {
  const connection = new Database(file);
  try {
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = NORMAL');
    connection.pragma('foreign_keys = ON');
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT}`);
    connection.pragma(`cache_size = -${CACHE_KIBIBYTES}`);
    connection.pragma('temp_store = MEMORY');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

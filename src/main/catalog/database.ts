import Database from 'better-sqlite3';

export type Connection = Database.Database;

/** What a column of the catalog may hold. */
export type ColumnValue = string | number | null;

/** Milliseconds a write waits for another connection, such as a backup, before it gives up. */
const BUSY_TIMEOUT = 5_000;
const CACHE_KIBIBYTES = 65_536;
/** Pages of 4 KiB the log may grow to before it is written back. The usual 1,000 rewrite an import's hot index pages too often. */
const CHECKPOINT_PAGES = 4_000;

/** A second connection that sees the catalog as it is now, whatever is written meanwhile, until it is closed. */
export function openSnapshot(file: string): Connection {
  const connection = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT });
  try {
    connection.pragma(`cache_size = -${CACHE_KIBIBYTES}`);
    connection.exec('BEGIN');
    // The snapshot is taken by the first read.
    connection.prepare('SELECT 1 FROM sqlite_schema').get();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Opens the database file with the settings every connection of the catalog has. */
export function openDatabase(file: string): Connection {
  const connection = new Database(file);
  try {
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = NORMAL');
    connection.pragma('foreign_keys = ON');
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT}`);
    connection.pragma(`cache_size = -${CACHE_KIBIBYTES}`);
    connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    connection.pragma('temp_store = MEMORY');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

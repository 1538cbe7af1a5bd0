import type { Migration } from '../migrate.ts';

/**
 * What is known of a run beside its curves: the tags people give it, the memory it took, and the reviewed labels it was given. And the flags or
 * commands that do what the hint of an error says, which the command line alone tells.
 */
export const migration: Migration = {
  number: 8,
  name: 'run-records',
  sql: `
CREATE TABLE run_tag (
  run_number INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run_number, tag)
) STRICT, WITHOUT ROWID;

-- Bytes that a run's engine held after a step, sampled every few seconds: of the machine's memory, and of its GPU's. NULL: the system did not tell.
CREATE TABLE run_memory (
  run_number INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  host_bytes INTEGER,
  device_bytes INTEGER,
  PRIMARY KEY (run_number, step)
) STRICT, WITHOUT ROWID;

-- Labels of a run's images that a person had given or confirmed, as they were when it started. The images and the log's acts are named by their
-- numbers alone: the record outlives them.
CREATE TABLE run_reviewed_label (
  run_number INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  part TEXT NOT NULL CHECK (part IN ('labeled', 'validation')),
  image_id INTEGER NOT NULL,
  label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 7),
  from_label INTEGER CHECK (from_label BETWEEN 0 AND 7),
  verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'relabel')),
  batch_id INTEGER NOT NULL,
  PRIMARY KEY (run_number, part, image_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE run ADD COLUMN error_command_line TEXT;
ALTER TABLE job ADD COLUMN error_command_line TEXT;
`,
};

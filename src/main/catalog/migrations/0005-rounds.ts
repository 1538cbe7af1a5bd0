import type { Migration } from '../migrate.ts';

/**
 * Rounds of pseudo labels: what one network said of the images of a source at one moment. Every round is kept, so that labels can be watched
 * changing; and the batches of the steps whose feedback was the strongest.
 */
export const migration: Migration = {
  number: 5,
  name: 'rounds',
  sql: `
-- run is the id of the run, which may be gone; run_number leads to it while it is there. step: steps of training behind the network, null where
-- nobody knows. class_count: columns of the probabilities, the studio's classes from the first on. total: images that were to be labeled.
-- problems counts what could not be labeled; the first of them are rows of pseudo_label_problem. An embedding is a row of numbers an image, in a
-- file beside the catalog.
CREATE TABLE pseudo_label_round (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  origin TEXT NOT NULL CHECK (origin IN ('network', 'file', 'training')),
  status TEXT NOT NULL CHECK (status IN ('labeling', 'finished', 'interrupted')),
  run TEXT,
  run_number INTEGER REFERENCES run (number) ON DELETE SET NULL,
  network TEXT CHECK (network IN ('base', 'adaptation', 'ema', 'finetuned')),
  step INTEGER,
  file TEXT,
  class_count INTEGER NOT NULL CHECK (class_count BETWEEN 2 AND 8),
  total INTEGER NOT NULL,
  problems INTEGER NOT NULL DEFAULT 0,
  seconds REAL NOT NULL DEFAULT 0,
  embedding_size INTEGER,
  embedding_type TEXT CHECK (embedding_type IN ('float16', 'float32')),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX pseudo_label_round_by_source ON pseudo_label_round (source_id);
CREATE INDEX pseudo_label_round_by_run ON pseudo_label_round (run_number, step);

-- margin: between the two highest probabilities. probabilities: class_count float32 numbers, little-endian.
CREATE TABLE pseudo_label (
  round_id INTEGER NOT NULL REFERENCES pseudo_label_round (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 7),
  confidence REAL NOT NULL,
  margin REAL NOT NULL,
  probabilities BLOB NOT NULL,
  PRIMARY KEY (round_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pseudo_label_by_image ON pseudo_label (image_id);

-- Kept by whoever writes labels; a label that goes with its image is taken out by the trigger.
CREATE TABLE pseudo_label_class (
  round_id INTEGER NOT NULL REFERENCES pseudo_label_round (id) ON DELETE CASCADE,
  label INTEGER NOT NULL,
  count INTEGER NOT NULL,
  confidence_sum REAL NOT NULL,
  PRIMARY KEY (round_id, label)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER pseudo_label_counted_after_delete AFTER DELETE ON pseudo_label BEGIN
  UPDATE pseudo_label_class SET count = count - 1, confidence_sum = confidence_sum - old.confidence
    WHERE round_id = old.round_id AND label = old.label;
END;

-- line: of the file the round comes from. place: the image's path or number as it was given.
CREATE TABLE pseudo_label_problem (
  id INTEGER PRIMARY KEY,
  round_id INTEGER NOT NULL REFERENCES pseudo_label_round (id) ON DELETE CASCADE,
  line INTEGER,
  place TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX pseudo_label_problem_by_round ON pseudo_label_problem (round_id);

-- Image numbers are float64, little-endian: the labeled images of the step's batch, and its unlabeled ones with the class, a byte each, that the
-- base network gave their weak views. The images may be gone from the catalog by the time one looks.
CREATE TABLE run_feedback_extreme (
  run_number INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  feedback REAL NOT NULL,
  labeled BLOB NOT NULL,
  unlabeled BLOB NOT NULL,
  weak_labels BLOB NOT NULL,
  PRIMARY KEY (run_number, step)
) STRICT, WITHOUT ROWID;
`,
};

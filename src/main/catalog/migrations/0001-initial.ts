import type { Migration } from '../migrate.ts';

/**
 * The first schema. Times are ISO 8601 texts in UTC; classes are the studio's class indices, null where an image has no label. Counts that a
 * screen shows are kept by triggers, since counting ten million rows takes seconds.
 */
export const migration: Migration = {
  number: 1,
  name: 'initial',
  sql: `
CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  root TEXT NOT NULL,
  format TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

-- path is below the source's root, with forward slashes; place is the byte offset inside the file, 0 for a file of its own.
CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  split TEXT NOT NULL CHECK (split IN ('train', 'validation', 'test', 'unlabeled')),
  path TEXT NOT NULL,
  encoding TEXT NOT NULL CHECK (encoding IN ('file', 'fer2013-row')),
  place INTEGER NOT NULL,
  length INTEGER,
  label INTEGER CHECK (label BETWEEN 0 AND 7),
  -- Known to the maker of the data and never shown as a label: for scoring pseudo labels.
  truth INTEGER CHECK (truth BETWEEN 0 AND 7),
  identity TEXT,
  width INTEGER,
  height INTEGER,
  UNIQUE (source_id, path, place)
) STRICT;

CREATE INDEX image_by_split_and_label ON image (split, label, id);
CREATE INDEX image_by_source_split_and_label ON image (source_id, split, label, id);

-- label -1: images without one.
CREATE TABLE class_count (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  split TEXT NOT NULL,
  label INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (source_id, split, label)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER image_counted_after_insert AFTER INSERT ON image BEGIN
  INSERT INTO class_count VALUES (new.source_id, new.split, coalesce(new.label, -1), 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER image_counted_after_delete AFTER DELETE ON image BEGIN
  UPDATE class_count SET count = count - 1
    WHERE source_id = old.source_id AND split = old.split AND label = coalesce(old.label, -1);
END;
CREATE TRIGGER image_counted_after_update AFTER UPDATE OF source_id, split, label ON image BEGIN
  UPDATE class_count SET count = count - 1
    WHERE source_id = old.source_id AND split = old.split AND label = coalesce(old.label, -1);
  INSERT INTO class_count VALUES (new.source_id, new.split, coalesce(new.label, -1), 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- People of a source: how many images each has.
CREATE TABLE identity_count (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  identity TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (source_id, identity)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER identity_counted_after_insert AFTER INSERT ON image WHEN new.identity IS NOT NULL BEGIN
  INSERT INTO identity_count VALUES (new.source_id, new.identity, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER identity_counted_after_delete AFTER DELETE ON image WHEN old.identity IS NOT NULL BEGIN
  UPDATE identity_count SET count = count - 1 WHERE source_id = old.source_id AND identity = old.identity;
  DELETE FROM identity_count WHERE source_id = old.source_id AND identity = old.identity AND count = 0;
END;

CREATE TABLE import_error (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (source_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE subset (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  source TEXT,
  split TEXT NOT NULL,
  rule TEXT NOT NULL,
  seed INTEGER NOT NULL,
  counts TEXT NOT NULL,
  shortfall TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
-- The label is frozen with the choice: a relabeled image stays in an old subset as what it was.
CREATE TABLE subset_image (
  subset_id INTEGER NOT NULL REFERENCES subset (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  label INTEGER NOT NULL,
  PRIMARY KEY (subset_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subset_image_by_image ON subset_image (image_id);

CREATE TABLE run (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  phase TEXT NOT NULL,
  step INTEGER NOT NULL,
  total_steps INTEGER NOT NULL,
  best TEXT,
  images_per_second REAL,
  seconds_left REAL,
  seconds REAL NOT NULL,
  bad_images INTEGER NOT NULL,
  error TEXT,
  config TEXT NOT NULL,
  request TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  runtime TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run_step (
  run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  base_learning_rate REAL NOT NULL,
  adaptation_learning_rate REAL NOT NULL,
  labeled_loss REAL,
  unlabeled_loss REAL,
  unlabeled_loss_masked REAL,
  mask_mean REAL,
  unlabeled_weight REAL,
  uda_loss REAL,
  adaptation_loss REAL,
  labeled_loss_old REAL,
  labeled_loss_new REAL,
  feedback REAL,
  feedback_loss REAL,
  base_loss REAL,
  base_gradient_norm REAL,
  adaptation_gradient_norm REAL,
  data_milliseconds REAL NOT NULL,
  step_milliseconds REAL NOT NULL,
  images_per_second REAL NOT NULL,
  PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_evaluation (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  network TEXT NOT NULL,
  split TEXT NOT NULL,
  step INTEGER NOT NULL,
  count INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  accuracy REAL NOT NULL,
  top2 REAL NOT NULL,
  mean_class_accuracy REAL NOT NULL,
  ece REAL NOT NULL,
  nll REAL NOT NULL,
  images_per_second REAL NOT NULL,
  confusion TEXT NOT NULL,
  per_class TEXT NOT NULL
) STRICT;
CREATE INDEX run_evaluation_by_run ON run_evaluation (run_id, network, split, step, accuracy);

CREATE TABLE run_log (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  at TEXT NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX run_log_by_run ON run_log (run_id, id);

CREATE TABLE run_bad_image (
  run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (run_id, image_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL,
  done REAL NOT NULL,
  total REAL,
  unit TEXT NOT NULL,
  rate REAL,
  seconds_left REAL,
  message TEXT NOT NULL,
  error TEXT,
  run_id TEXT REFERENCES run (id) ON DELETE SET NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX job_by_status ON job (status);
CREATE INDEX job_by_run ON job (run_id);
`,
};

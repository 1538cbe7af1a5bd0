import type { Migration } from '../migrate.ts';

/**
 * The first schema. Times are ISO 8601 texts in UTC; classes are the studio's class indices, null where an image has no label. Counts that a
 * screen shows are kept by triggers, since counting ten million rows takes seconds. An excluded image is in no count, page or manifest, but
 * stays a row, so that an import does not bring it back.
 */
export const migration: Migration = {
  number: 1,
  name: 'initial',
  sql: `
CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- root is the absolute folder the images' paths are below, or the one file that holds them all.
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  root TEXT NOT NULL,
  format TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('labeled', 'unlabeled', 'validation', 'test')),
  created_at TEXT NOT NULL
) STRICT;

-- path is below the source's root, with forward slashes. byte_offset is the place inside that file, 0 for a file of its own. The box is in
-- pixels. truth is known to the maker of the data and never shown as a label: it is for scoring pseudo labels.
CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  split TEXT NOT NULL CHECK (split IN ('train', 'validation', 'test', 'unlabeled')),
  path TEXT NOT NULL,
  encoding TEXT NOT NULL DEFAULT 'file' CHECK (encoding IN ('file', 'fer2013-row', 'file-slice')),
  byte_offset INTEGER NOT NULL DEFAULT 0,
  byte_length INTEGER,
  box_x REAL,
  box_y REAL,
  box_width REAL,
  box_height REAL,
  label INTEGER CHECK (label BETWEEN 0 AND 7),
  truth INTEGER CHECK (truth BETWEEN 0 AND 7),
  identity TEXT,
  width INTEGER,
  height INTEGER,
  excluded INTEGER NOT NULL DEFAULT 0 CHECK (excluded IN (0, 1)),
  UNIQUE (source_id, path, byte_offset)
) STRICT;

-- Pages, manifests and draws walk cells: the images of one source, split and label in the order of their ids.
CREATE INDEX image_by_cell ON image (source_id, split, label) WHERE excluded = 0;

-- label -1: images without one.
CREATE TABLE class_count (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  split TEXT NOT NULL,
  label INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (source_id, split, label)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER image_counted_after_insert AFTER INSERT ON image WHEN new.excluded = 0 BEGIN
  INSERT INTO class_count VALUES (new.source_id, new.split, coalesce(new.label, -1), 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER image_counted_after_delete AFTER DELETE ON image WHEN old.excluded = 0 BEGIN
  UPDATE class_count SET count = count - 1
    WHERE source_id = old.source_id AND split = old.split AND label = coalesce(old.label, -1);
END;
CREATE TRIGGER image_uncounted_before_update BEFORE UPDATE OF source_id, split, label, excluded ON image WHEN old.excluded = 0 BEGIN
  UPDATE class_count SET count = count - 1
    WHERE source_id = old.source_id AND split = old.split AND label = coalesce(old.label, -1);
END;
CREATE TRIGGER image_counted_after_update AFTER UPDATE OF source_id, split, label, excluded ON image WHEN new.excluded = 0 BEGIN
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

CREATE TRIGGER identity_counted_after_insert AFTER INSERT ON image WHEN new.excluded = 0 AND new.identity IS NOT NULL BEGIN
  INSERT INTO identity_count VALUES (new.source_id, new.identity, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER identity_counted_after_delete AFTER DELETE ON image WHEN old.excluded = 0 AND old.identity IS NOT NULL BEGIN
  UPDATE identity_count SET count = count - 1 WHERE source_id = old.source_id AND identity = old.identity;
  DELETE FROM identity_count WHERE source_id = old.source_id AND identity = old.identity AND count = 0;
END;
CREATE TRIGGER identity_uncounted_before_update BEFORE UPDATE OF source_id, identity, excluded ON image
  WHEN old.excluded = 0 AND old.identity IS NOT NULL BEGIN
  UPDATE identity_count SET count = count - 1 WHERE source_id = old.source_id AND identity = old.identity;
  DELETE FROM identity_count WHERE source_id = old.source_id AND identity = old.identity AND count = 0;
END;
CREATE TRIGGER identity_counted_after_update AFTER UPDATE OF source_id, identity, excluded ON image
  WHEN new.excluded = 0 AND new.identity IS NOT NULL BEGIN
  INSERT INTO identity_count VALUES (new.source_id, new.identity, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TABLE import_error (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  reason TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (source_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE subset (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  source TEXT,
  split TEXT NOT NULL,
  rule TEXT NOT NULL,
  seed INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE subset_class (
  subset_id INTEGER NOT NULL REFERENCES subset (id) ON DELETE CASCADE,
  label INTEGER NOT NULL,
  count INTEGER NOT NULL,
  shortfall INTEGER NOT NULL,
  PRIMARY KEY (subset_id, label)
) STRICT, WITHOUT ROWID;

-- The label is frozen with the choice: a relabeled image stays in an old subset as what it was.
CREATE TABLE subset_image (
  subset_id INTEGER NOT NULL REFERENCES subset (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  label INTEGER NOT NULL,
  PRIMARY KEY (subset_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subset_image_by_image ON subset_image (image_id);

-- number is what the rows of a run refer to: a run has a row a step, and its id would be most of each.
CREATE TABLE run (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'interrupted', 'finished', 'stopped', 'failed')),
  phase TEXT NOT NULL CHECK (phase IN ('preparing', 'training', 'evaluating', 'finetuning', 'done')),
  step INTEGER NOT NULL,
  total_steps INTEGER NOT NULL,
  best_step INTEGER,
  best_network TEXT,
  best_accuracy REAL,
  best_mean_class_accuracy REAL,
  images_per_second REAL,
  seconds_left REAL,
  seconds REAL NOT NULL,
  bad_images INTEGER NOT NULL DEFAULT 0,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  runtime_version TEXT,
  runtime_device TEXT,
  runtime_precision TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  config TEXT NOT NULL CHECK (json_valid(config)),
  request TEXT NOT NULL CHECK (json_valid(request)),
  snapshot TEXT NOT NULL CHECK (json_valid(snapshot))
) STRICT;
CREATE INDEX run_by_status ON run (status);

CREATE TABLE run_step (
  run_number INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
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
  PRIMARY KEY (run_number, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_evaluation (
  id INTEGER PRIMARY KEY,
  run_number INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  network TEXT NOT NULL CHECK (network IN ('base', 'adaptation', 'ema', 'finetuned')),
  split TEXT NOT NULL,
  count INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  accuracy REAL NOT NULL,
  top2 REAL NOT NULL,
  mean_class_accuracy REAL NOT NULL,
  ece REAL NOT NULL,
  nll REAL NOT NULL,
  images_per_second REAL NOT NULL,
  confusion TEXT NOT NULL CHECK (json_valid(confusion)),
  UNIQUE (run_number, step, network, split)
) STRICT;
-- The curve beside each run of a list.
CREATE INDEX run_evaluation_curve ON run_evaluation (run_number, step, accuracy)
  WHERE network = 'adaptation' AND split = 'validation';

CREATE TABLE run_evaluation_class (
  evaluation_id INTEGER NOT NULL REFERENCES run_evaluation (id) ON DELETE CASCADE,
  label INTEGER NOT NULL,
  name TEXT NOT NULL,
  precision REAL NOT NULL,
  recall REAL NOT NULL,
  f1 REAL NOT NULL,
  support INTEGER NOT NULL,
  PRIMARY KEY (evaluation_id, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_log (
  id INTEGER PRIMARY KEY,
  run_number INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  at TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
  message TEXT NOT NULL
) STRICT;
CREATE INDEX run_log_by_run ON run_log (run_number);

-- The image may be gone from the catalog by the time one looks.
CREATE TABLE run_bad_image (
  run_number INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  image_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (run_number, image_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER bad_image_counted_after_insert AFTER INSERT ON run_bad_image BEGIN
  UPDATE run SET bad_images = bad_images + 1 WHERE number = new.run_number;
END;

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'interrupted', 'finished', 'cancelled', 'failed')),
  done REAL NOT NULL,
  total REAL,
  unit TEXT NOT NULL,
  rate REAL,
  seconds_left REAL,
  message TEXT NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  run_id TEXT REFERENCES run (id) ON DELETE SET NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX job_by_status ON job (status);
CREATE INDEX job_by_run ON job (run_id);
`,
};

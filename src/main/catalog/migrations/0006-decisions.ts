import type { Migration } from '../migrate.ts';

/**
 * What people decided of labels, as a log that only grows: an undo is a row too. The label that holds now is derived from it and kept beside
 * it, so that a screen need not read the log; and blind audits, whose answers are decisions as well.
 */
export const migration: Migration = {
  number: 6,
  name: 'decisions',
  sql: `
CREATE TABLE reviewer (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- A random sample of labels, to be judged without seeing them. Its population are the labels of a round at or above thresholds, a JSON array
-- with one for each class; or, without a round, the labels of the images of a filter. The round may be gone. seed: of the draw.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  round_id INTEGER,
  filter TEXT NOT NULL CHECK (json_valid(filter)),
  thresholds TEXT CHECK (json_valid(thresholds)),
  seed INTEGER NOT NULL,
  -- Half the width of the interval that is wanted of the whole, and of each class.
  target REAL NOT NULL,
  class_target REAL NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE audit_stratum (
  audit_id INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
  label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 7),
  population INTEGER NOT NULL,
  PRIMARY KEY (audit_id, label)
) STRICT, WITHOUT ROWID;

-- label: the hidden one, as it was when the sample was drawn.
CREATE TABLE audit_image (
  audit_id INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 7),
  PRIMARY KEY (audit_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX audit_image_by_image ON audit_image (image_id, audit_id);

-- One act of a reviewer, of one image or of many. key: the sender's own, so that what is sent twice is kept once. target: the act that an undo
-- or a redo is about. The round may be gone.
CREATE TABLE decision_batch (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('decision', 'undo', 'redo')),
  reviewer_id INTEGER NOT NULL REFERENCES reviewer (id),
  made_at TEXT NOT NULL,
  round_id INTEGER,
  audit_id INTEGER REFERENCES audit (id),
  queue TEXT,
  reason TEXT NOT NULL,
  seconds REAL NOT NULL CHECK (seconds >= 0),
  images INTEGER NOT NULL,
  target INTEGER REFERENCES decision_batch (id),
  key TEXT UNIQUE,
  CHECK ((kind = 'decision') = (target IS NULL))
) STRICT;
CREATE INDEX decision_batch_by_queue ON decision_batch (queue, id) WHERE queue IS NOT NULL;
CREATE INDEX decision_batch_by_audit ON decision_batch (audit_id, id) WHERE audit_id IS NOT NULL;
CREATE INDEX decision_batch_by_target ON decision_batch (target) WHERE target IS NOT NULL;

-- from_label: the label that was judged; to_label: the one that holds then. label_before: the image's own before this act. reason: where it is
-- another than that of the act.
CREATE TABLE decision (
  batch_id INTEGER NOT NULL REFERENCES decision_batch (id),
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'relabel', 'reject', 'unsure')),
  from_label INTEGER CHECK (from_label BETWEEN 0 AND 7),
  to_label INTEGER CHECK (to_label BETWEEN 0 AND 7),
  label_before INTEGER CHECK (label_before BETWEEN 0 AND 7),
  reason TEXT,
  PRIMARY KEY (batch_id, image_id),
  CHECK ((verdict IN ('accept', 'relabel')) = (to_label IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_by_image ON decision (image_id, batch_id);

CREATE TRIGGER decision_batch_never_updated BEFORE UPDATE ON decision_batch BEGIN
  SELECT RAISE(ABORT, 'the log of decisions only grows');
END;
CREATE TRIGGER decision_batch_never_deleted BEFORE DELETE ON decision_batch BEGIN
  SELECT RAISE(ABORT, 'the log of decisions only grows');
END;
CREATE TRIGGER decision_never_updated BEFORE UPDATE ON decision BEGIN
  SELECT RAISE(ABORT, 'the log of decisions only grows');
END;

-- Derived from the log. abandoned: undone, and something else was decided since, so that it cannot be redone.
CREATE TABLE decision_state (
  batch_id INTEGER PRIMARY KEY REFERENCES decision_batch (id),
  reviewer_id INTEGER NOT NULL REFERENCES reviewer (id),
  state TEXT NOT NULL CHECK (state IN ('standing', 'undone', 'abandoned'))
) STRICT;
CREATE INDEX decision_state_by_reviewer ON decision_state (reviewer_id, state, batch_id);

-- Derived from the log: the newest decision on each image that stands. label: null where it was rejected, or the reviewer was unsure.
CREATE TABLE review (
  image_id INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
  batch_id INTEGER NOT NULL REFERENCES decision_batch (id),
  verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'relabel', 'reject', 'unsure')),
  label INTEGER CHECK (label BETWEEN 0 AND 7)
) STRICT;
CREATE INDEX review_by_verdict ON review (verdict, image_id);

-- label -1: none.
CREATE TABLE review_count (
  verdict TEXT NOT NULL,
  label INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (verdict, label)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER review_counted_after_insert AFTER INSERT ON review BEGIN
  INSERT INTO review_count VALUES (new.verdict, ifnull(new.label, -1), 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER review_counted_after_delete AFTER DELETE ON review BEGIN
  UPDATE review_count SET count = count - 1 WHERE verdict = old.verdict AND label = ifnull(old.label, -1);
END;
CREATE TRIGGER review_counted_after_update AFTER UPDATE OF verdict, label ON review
  WHEN old.verdict <> new.verdict OR old.label IS NOT new.label BEGIN
  UPDATE review_count SET count = count - 1 WHERE verdict = old.verdict AND label = ifnull(old.label, -1);
  INSERT INTO review_count VALUES (new.verdict, ifnull(new.label, -1), 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
`,
};

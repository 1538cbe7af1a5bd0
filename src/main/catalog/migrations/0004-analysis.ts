import type { Migration } from '../migrate.ts';

/**
 * What looking at each image tells: measures, quality and what it is a copy of; and a log of what was excluded. Quality becomes a part of the
 * cell, so that it is a facet as the others are.
 */
export const migration: Migration = {
  number: 4,
  name: 'analysis',
  sql: `
-- The digest is of the decoded pixels, in hexadecimal. The halves of the perceptual hash are unsigned 32-bit integers. The numbers are in levels
-- of 255, the sharpness in their squares.
CREATE TABLE analysis (
  image_id INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
  digest TEXT NOT NULL,
  hash_high INTEGER NOT NULL CHECK (hash_high BETWEEN 0 AND 4294967295),
  hash_low INTEGER NOT NULL CHECK (hash_low BETWEEN 0 AND 4294967295),
  brightness REAL NOT NULL,
  contrast REAL NOT NULL,
  sharpness REAL NOT NULL,
  colourfulness REAL NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL
) STRICT;
CREATE INDEX analysis_by_digest ON analysis (digest);

-- Images that could not be looked at. A later analysis tries again.
CREATE TABLE analysis_failure (
  image_id INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
  reason TEXT NOT NULL,
  recorded_at TEXT NOT NULL
) STRICT;

-- Bit 0: it was analyzed. From bit 1: dark, bright, low contrast, blurred, tiny, uniform.
ALTER TABLE image ADD COLUMN quality INTEGER NOT NULL DEFAULT 0 CHECK (quality BETWEEN 0 AND 127);

DROP TRIGGER image_counted_after_insert;
DROP TRIGGER image_counted_after_delete;
DROP TRIGGER image_counted_after_update;
DROP INDEX image_by_cell;
ALTER TABLE image DROP COLUMN cell;

-- From the lowest bit: 3 the class of the shorter side, 1 excluded, 4 the label (8: none), 2 the split, 7 the quality, and the source above them.
ALTER TABLE image ADD COLUMN cell INTEGER AS (
  (source_id << 17)
  | (quality << 10)
  | (CASE split WHEN 'train' THEN 0 WHEN 'validation' THEN 1 WHEN 'test' THEN 2 ELSE 3 END << 8)
  | (ifnull(label, 8) << 4)
  | (excluded << 3)
  | CASE
      WHEN min(width, height) IS NULL THEN 0
      WHEN min(width, height) < 48 THEN 1
      WHEN min(width, height) < 112 THEN 2
      WHEN min(width, height) < 224 THEN 3
      ELSE 4
    END
) VIRTUAL;
CREATE INDEX image_by_cell ON image (cell);
DELETE FROM cell_count;
INSERT INTO cell_count (cell, count) SELECT cell, count(*) FROM image GROUP BY cell;

CREATE TRIGGER image_counted_after_insert AFTER INSERT ON image BEGIN
  INSERT INTO cell_count VALUES (new.cell, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER image_counted_after_delete AFTER DELETE ON image BEGIN
  UPDATE cell_count SET count = count - 1 WHERE cell = old.cell;
END;
CREATE TRIGGER image_counted_after_update AFTER UPDATE OF source_id, split, label, excluded, width, height, quality ON image
  WHEN old.cell <> new.cell BEGIN
  UPDATE cell_count SET count = count - 1 WHERE cell = old.cell;
  INSERT INTO cell_count VALUES (new.cell, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- The last search of each kind. distance: bits in which the hashes of near duplicates may differ.
CREATE TABLE duplicate_search (
  kind TEXT PRIMARY KEY CHECK (kind IN ('exact', 'near')),
  distance INTEGER NOT NULL CHECK (distance BETWEEN 0 AND 64),
  images INTEGER NOT NULL,
  is_current INTEGER NOT NULL CHECK (is_current IN (0, 1)),
  made_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER duplicate_search_outdated AFTER INSERT ON analysis BEGIN
  UPDATE duplicate_search SET is_current = 0 WHERE is_current = 1;
END;

-- size, is_crossing (its images are in several splits) and is_contradicting (they have several labels) are of the images that are not excluded.
CREATE TABLE duplicate_group (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('exact', 'near')),
  size INTEGER NOT NULL DEFAULT 0,
  is_crossing INTEGER NOT NULL DEFAULT 0 CHECK (is_crossing IN (0, 1)),
  is_contradicting INTEGER NOT NULL DEFAULT 0 CHECK (is_contradicting IN (0, 1))
) STRICT;
CREATE INDEX duplicate_group_by_kind ON duplicate_group (kind);
CREATE INDEX duplicate_group_by_size ON duplicate_group (kind, size) WHERE size > 1;
CREATE INDEX duplicate_group_crossing ON duplicate_group (kind, size) WHERE size > 1 AND is_crossing = 1;
CREATE INDEX duplicate_group_contradicting ON duplicate_group (kind, size) WHERE size > 1 AND is_contradicting = 1;

CREATE TABLE duplicate_member (
  group_id INTEGER NOT NULL REFERENCES duplicate_group (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicate_member_by_image ON duplicate_member (image_id);

-- Groups whose numbers are to be taken anew before they are read: a change of many images then costs each group once.
CREATE TABLE duplicate_stale (
  group_id INTEGER PRIMARY KEY
) STRICT;
CREATE TRIGGER duplicate_stale_after_update AFTER UPDATE OF split, label, excluded ON image BEGIN
  INSERT OR IGNORE INTO duplicate_stale SELECT group_id FROM duplicate_member WHERE image_id = new.id;
END;
CREATE TRIGGER duplicate_stale_after_insert AFTER INSERT ON duplicate_group BEGIN
  INSERT OR IGNORE INTO duplicate_stale VALUES (new.id);
END;
CREATE TRIGGER duplicate_stale_after_delete AFTER DELETE ON duplicate_member
  WHEN EXISTS (SELECT 1 FROM duplicate_group WHERE id = old.group_id) BEGIN
  INSERT OR IGNORE INTO duplicate_stale VALUES (old.group_id);
END;

-- What was excluded or taken back in, by whom and why: rows are added, never changed. undoes: the row whose images went back.
CREATE TABLE exclusion (
  id INTEGER PRIMARY KEY,
  excluded INTEGER NOT NULL CHECK (excluded IN (0, 1)),
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  images INTEGER NOT NULL,
  undoes INTEGER UNIQUE REFERENCES exclusion (id),
  made_at TEXT NOT NULL
) STRICT;

CREATE TABLE exclusion_image (
  exclusion_id INTEGER NOT NULL REFERENCES exclusion (id),
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  PRIMARY KEY (exclusion_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX exclusion_image_by_image ON exclusion_image (image_id);
`,
};

import type { Migration } from '../migrate.ts';

/**
 * Queries and versions of subsets. What facets show of an image is packed into one number, its cell, so that one index and one table of
 * counts serve every choice of facets; `catalog/cells.ts` reads it. Subsets get versions, the filter they were drawn from and, of each image,
 * the split it was in.
 */
export const migration: Migration = {
  number: 2,
  name: 'queries',
  sql: `
DROP TRIGGER image_counted_after_insert;
DROP TRIGGER image_counted_after_delete;
DROP TRIGGER image_uncounted_before_update;
DROP TRIGGER image_counted_after_update;
DROP TABLE class_count;
DROP INDEX image_by_cell;

-- From the lowest bit: 3 the class of the shorter side, 1 excluded, 4 the label (8: none), 2 the split, and the source above them.
ALTER TABLE image ADD COLUMN cell INTEGER AS (
  (source_id << 10)
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

-- Pages, manifests and draws walk cells in the order of ids.
CREATE INDEX image_by_cell ON image (cell);
CREATE INDEX image_by_identity ON image (ifnull(identity, ''));
CREATE INDEX image_by_size ON image (ifnull(min(width, height), 0));

CREATE TABLE cell_count (
  cell INTEGER PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT;
INSERT INTO cell_count (cell, count) SELECT cell, count(*) FROM image GROUP BY cell;

CREATE TRIGGER image_counted_after_insert AFTER INSERT ON image BEGIN
  INSERT INTO cell_count VALUES (new.cell, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER image_counted_after_delete AFTER DELETE ON image BEGIN
  UPDATE cell_count SET count = count - 1 WHERE cell = old.cell;
END;
CREATE TRIGGER image_counted_after_update AFTER UPDATE OF source_id, split, label, excluded, width, height ON image
  WHEN old.cell <> new.cell BEGIN
  UPDATE cell_count SET count = count - 1 WHERE cell = old.cell;
  INSERT INTO cell_count VALUES (new.cell, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- Runs of three characters of path and identity. Filling it takes longer than adding the image does, so that it follows behind: images up to
-- indexed_to are in it.
CREATE VIRTUAL TABLE image_text USING fts5 (text, content = '', columnsize = 0, detail = none, tokenize = 'trigram');
CREATE TABLE image_text_progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  indexed_to INTEGER NOT NULL
) STRICT;
INSERT INTO image_text_progress VALUES (1, 0);

-- SQLite gives the number of a deleted last row again.
CREATE TRIGGER image_text_after_insert AFTER INSERT ON image WHEN new.id <= (SELECT indexed_to FROM image_text_progress) BEGIN
  INSERT INTO image_text (rowid, text) VALUES (new.id, new.path || char(10) || ifnull(new.identity, ''));
END;
CREATE TRIGGER image_text_after_delete AFTER DELETE ON image WHEN old.id <= (SELECT indexed_to FROM image_text_progress) BEGIN
  INSERT INTO image_text (image_text, rowid, text)
    VALUES ('delete', old.id, old.path || char(10) || ifnull(old.identity, ''));
END;
CREATE TRIGGER image_text_after_update AFTER UPDATE OF path, identity ON image
  WHEN old.id <= (SELECT indexed_to FROM image_text_progress) BEGIN
  INSERT INTO image_text (image_text, rowid, text)
    VALUES ('delete', old.id, old.path || char(10) || ifnull(old.identity, ''));
  INSERT INTO image_text (rowid, text) VALUES (new.id, new.path || char(10) || ifnull(new.identity, ''));
END;

-- The tables of subsets are made anew: a name alone was unique, and SQLite cannot take that back. Those that refer go first, because dropping
-- a table deletes the rows that refer to it.
CREATE TABLE subset_new (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  rule TEXT NOT NULL,
  filter TEXT NOT NULL CHECK (json_valid(filter)),
  seed INTEGER NOT NULL,
  -- The split its images were moved to, if they were.
  split_off TEXT CHECK (split_off IN ('train', 'validation', 'test')),
  created_at TEXT NOT NULL,
  UNIQUE (name, version)
) STRICT;
INSERT INTO subset_new
  SELECT id, name, 1, rule,
    CASE WHEN source IS NULL THEN json_object('splits', json_array(split))
      ELSE json_object('sources', json_array(source), 'splits', json_array(split)) END,
    seed, NULL, created_at
  FROM subset;

CREATE TABLE subset_class_new (
  subset_id INTEGER NOT NULL REFERENCES subset_new (id) ON DELETE CASCADE,
  label INTEGER NOT NULL,
  count INTEGER NOT NULL,
  shortfall INTEGER NOT NULL,
  PRIMARY KEY (subset_id, label)
) STRICT, WITHOUT ROWID;
INSERT INTO subset_class_new SELECT subset_id, label, count, shortfall FROM subset_class;

-- Label and split are frozen with the choice: a relabeled or moved image stays in an old subset as what it was.
CREATE TABLE subset_image_new (
  subset_id INTEGER NOT NULL REFERENCES subset_new (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  label INTEGER NOT NULL,
  split TEXT NOT NULL,
  PRIMARY KEY (subset_id, image_id)
) STRICT, WITHOUT ROWID;
INSERT INTO subset_image_new
  SELECT subset_id, image_id, subset_image.label, subset.split
  FROM subset_image JOIN subset ON subset.id = subset_image.subset_id;

DROP TABLE subset_image;
DROP TABLE subset_class;
DROP TABLE subset;
ALTER TABLE subset_new RENAME TO subset;
ALTER TABLE subset_class_new RENAME TO subset_class;
ALTER TABLE subset_image_new RENAME TO subset_image;
CREATE INDEX subset_image_by_image ON subset_image (image_id);
`,
};

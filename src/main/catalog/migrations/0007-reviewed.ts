import type { Migration } from '../migrate.ts';

/**
 * What people decided of an image becomes a part of its cell, so that it is counted and filtered by as the other facets are. It is derived from
 * `review`, which is derived from the log.
 */
export const migration: Migration = {
  number: 7,
  name: 'reviewed',
  sql: `
-- 0 undecided, 1 accepted, 2 relabeled, 3 rejected, 4 unsure.
ALTER TABLE image ADD COLUMN reviewed INTEGER NOT NULL DEFAULT 0 CHECK (reviewed BETWEEN 0 AND 4);

DROP TRIGGER image_counted_after_insert;
DROP TRIGGER image_counted_after_delete;
DROP TRIGGER image_counted_after_update;
DROP INDEX image_by_cell;
ALTER TABLE image DROP COLUMN cell;

UPDATE image SET reviewed =
    (SELECT CASE verdict WHEN 'accept' THEN 1 WHEN 'relabel' THEN 2 WHEN 'reject' THEN 3 ELSE 4 END FROM review WHERE image_id = image.id)
  WHERE id IN (SELECT image_id FROM review);

-- From the lowest bit: 3 the class of the shorter side, 1 excluded, 4 the label (8: none), 2 the split, 7 the quality, 3 what was decided, and the
-- source above them.
ALTER TABLE image ADD COLUMN cell INTEGER AS (
  (source_id << 20)
  | (reviewed << 17)
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
CREATE TRIGGER image_counted_after_update AFTER UPDATE OF source_id, split, label, excluded, width, height, quality, reviewed ON image
  WHEN old.cell <> new.cell BEGIN
  UPDATE cell_count SET count = count - 1 WHERE cell = old.cell;
  INSERT INTO cell_count VALUES (new.cell, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER image_reviewed_after_insert AFTER INSERT ON review BEGIN
  UPDATE image SET reviewed = CASE new.verdict WHEN 'accept' THEN 1 WHEN 'relabel' THEN 2 WHEN 'reject' THEN 3 ELSE 4 END
    WHERE id = new.image_id;
END;
CREATE TRIGGER image_reviewed_after_update AFTER UPDATE OF verdict ON review WHEN old.verdict <> new.verdict BEGIN
  UPDATE image SET reviewed = CASE new.verdict WHEN 'accept' THEN 1 WHEN 'relabel' THEN 2 WHEN 'reject' THEN 3 ELSE 4 END
    WHERE id = new.image_id;
END;
CREATE TRIGGER image_reviewed_after_delete AFTER DELETE ON review BEGIN
  UPDATE image SET reviewed = 0 WHERE id = old.image_id;
END;
`,
};

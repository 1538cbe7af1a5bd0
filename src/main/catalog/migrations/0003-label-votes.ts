import type { Migration } from '../migrate.ts';

/** What several people said of an image, counted: FER+ has ten votes for each image of FER2013. The image's own label stays what it is. */
export const migration: Migration = {
  number: 3,
  name: 'label-votes',
  sql: `
-- origin is the voting, such as 'ferplus'. majority is the class with the most votes, 8 where that is "unknown", 9 where it is "no face", and
-- null where several have as many.
CREATE TABLE label_vote (
  image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  origin TEXT NOT NULL,
  neutral INTEGER NOT NULL CHECK (neutral >= 0),
  happy INTEGER NOT NULL CHECK (happy >= 0),
  sad INTEGER NOT NULL CHECK (sad >= 0),
  surprise INTEGER NOT NULL CHECK (surprise >= 0),
  fear INTEGER NOT NULL CHECK (fear >= 0),
  disgust INTEGER NOT NULL CHECK (disgust >= 0),
  anger INTEGER NOT NULL CHECK (anger >= 0),
  contempt INTEGER NOT NULL CHECK (contempt >= 0),
  unknown INTEGER NOT NULL CHECK (unknown >= 0),
  non_face INTEGER NOT NULL CHECK (non_face >= 0),
  majority INTEGER CHECK (majority BETWEEN 0 AND 9),
  PRIMARY KEY (image_id, origin)
) STRICT, WITHOUT ROWID;
`,
};

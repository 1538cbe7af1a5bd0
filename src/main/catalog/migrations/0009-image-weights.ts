import type { Migration } from '../migrate.ts';

/** What an image of a subset counts for when a run learns from it: what a person confirmed may count for more than what nobody looked at. */
export const migration: Migration = {
  number: 9,
  name: 'image-weights',
  sql: `
ALTER TABLE subset_image ADD COLUMN weight REAL NOT NULL DEFAULT 1 CHECK (weight > 0);
`,
};

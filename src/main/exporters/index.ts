import type { ExportFormat } from '#shared/export.ts';
import { classFolders } from './class-folders.ts';
import { exportCoco } from './coco.ts';
import { type DatasheetFacts, datasheet } from './datasheet.ts';
import type { Exporter } from './exporter.ts';
import { exportParquet } from './parquet.ts';
import { exportCsv, exportJsonLines } from './text-lines.ts';

export type { DatasheetFacts } from './datasheet.ts';

export interface ExporterOptions {
  readonly copy: boolean;
  readonly facts: () => DatasheetFacts;
}

/** The exporter of a format. */
export function exporterOf(format: ExportFormat, { copy, facts }: ExporterOptions): Exporter {
  switch (format) {
    case 'csv':
      return exportCsv;
    case 'jsonl':
      return exportJsonLines;
    case 'parquet':
      return exportParquet;
    case 'folders':
      return classFolders({ copy });
    case 'coco':
      return exportCoco;
    case 'datasheet':
      return datasheet(facts());
  }
}

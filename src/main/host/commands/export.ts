import { resolve } from 'node:path';
import { Option } from 'commander';
import { EXPORT_FORMATS, type ExportFormat, type ExportResult } from '#shared/export.ts';
import { followJob } from './context.ts';
import { type FilterOptions, addFilterOptions, filterFrom } from './filter-options.ts';
import { formatCount } from './output.ts';
import type { Register } from './register.ts';

interface ExportOptions extends FilterOptions {
  readonly format: ExportFormat;
  readonly subset?: string;
  readonly copy: boolean;
}

/** export. */
export const registerExportCommand: Register = (program, action) => {
  addFilterOptions(
    program
      .command('export')
      .description('write images of a filter or a subset as a list, class folders or a datasheet')
      .argument('<target>', 'the file or folder to make')
      .addOption(new Option('--format <format>', 'what to make').choices([...EXPORT_FORMATS]).makeOptionMandatory())
      .option('--subset <name>', 'a subset, NAME or NAME@VERSION, with its labels')
      .option('--copy', 'class folders: copies of the files instead of hard links', false),
  ).action(
    action(async (context, { format, subset, copy, ...options }: ExportOptions, target: string) => {
      const connection = await context.connect({ serves: true });
      const filter = filterFrom(options);
      const request = { target: resolve(target), format, filter, copy, ...(subset !== undefined && { subset }) };
      const job = await connection.client.catalog.export.mutate(request);
      await followJob(context, connection, job);
      const result = (await connection.client.jobs.result.query({ id: job.id })) as ExportResult;
      const text = `${formatCount(result.images)} images are in ${result.target}, in ${result.seconds.toFixed(1)} s.`;
      context.result(result, [text, ...result.notes].join('\n'));
    }),
  );
};

import { resolve } from 'node:path';
import { Option } from 'commander';
import { IMPORT_FORMATS, type ImportFormat, type ImportResult } from '#shared/catalog.ts';
import { ROLES, type Role } from '#shared/images.ts';
import { followJob } from './context.ts';
import { formatCount } from './output.ts';
import type { Register } from './register.ts';

/** import. */
export const registerImportCommand: Register = (program, action) => {
  program
    .command('import')
    .description('add images; source files are read and never changed; a rerun continues and adds nothing twice')
    .argument('<path>', 'folder or csv')
    .addOption(new Option('--format <format>', 'what is there').choices([...IMPORT_FORMATS]).default('auto'))
    .addOption(new Option('--role <role>', 'what it is for').choices([...ROLES]).default('labeled'))
    .option('--source <name>', 'name of the source (default: the folder’s)')
    .action(
      action(async (context, options: { format: ImportFormat; role: Role; source?: string }, path: string) => {
        const connection = await context.connect({ serves: true });
        const job = await connection.client.catalog.import.mutate({ ...options, path: resolve(path) });
        await followJob(context, connection, job);
        const result = (await connection.client.jobs.result.query({ id: job.id })) as ImportResult;
        const failures = result.errors.map(({ path: file, reason }) => `  ${file}: ${reason}`);
        context.result(
          result,
          [
            `${result.source} (${result.format}): ${formatCount(result.added)} added, ${formatCount(result.skipped)} there already, ` +
              `${formatCount(result.failed)} failed, in ${result.seconds.toFixed(1)} s.`,
            ...failures.slice(0, 20),
            ...(failures.length > 20 ? [`  … and ${formatCount(failures.length - 20)} more.`] : []),
          ].join('\n'),
        );
      }),
    );
};

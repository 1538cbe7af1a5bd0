import { resolve } from 'node:path';
import type { BackupResult } from '#shared/export.ts';
import { restoreCatalog } from '../../catalog/safekeeping.ts';
import { lockWorkspace, openWorkspace } from '../workspace.ts';
import { followJob } from './context.ts';
import type { Register } from './register.ts';

/** backup, restore. */
export const registerSafekeepingCommands: Register = (program, action) => {
  program
    .command('backup')
    .description(
      'copy the catalog while it is in use: labels, subsets, runs’ figures; images and checkpoints stay where they are',
    )
    .argument('[file]', 'where to (default: the folder backups of the workspace)')
    .action(
      action(async (context, _options, file?: string) => {
        const connection = await context.connect({ serves: true });
        const request = file === undefined ? {} : { file: resolve(file) };
        const job = await connection.client.catalog.backup.mutate(request);
        await followJob(context, connection, job);
        const result = (await connection.client.jobs.result.query({ id: job.id })) as BackupResult;
        context.result(result, `The catalog is copied to ${result.file}.`);
      }),
    );

  program
    .command('restore')
    .description('put a backup in the place of the catalog, which is kept aside; the workspace must not be open')
    .argument('<file>', 'the backup')
    .action(
      action(async (context, _options, file) => {
        const workspace = openWorkspace(context.workspace);
        const lock = lockWorkspace(workspace);
        let isSound = false;
        try {
          const keptAside = await restoreCatalog(resolve(file!), workspace.catalogFile, new Date());
          isSound = true;
          context.result(
            { catalog: workspace.catalogFile, keptAside },
            keptAside === null
              ? `The catalog is restored from ${file}.`
              : `The catalog is restored from ${file}; the one before is ${keptAside}.`,
          );
        } finally {
          // One that could not be restored is checked again at the next start if it was to be checked before.
          lock.release(isSound || !lock.afterCrash);
        }
      }),
    );
};

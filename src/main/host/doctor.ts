import type { DoctorCheck, DoctorReport } from '#shared/runtime.ts';
import { toStudioError } from '#shared/errors.ts';
import { checkBrowser, checkDisk, checkElectron, checkNode } from '../bootstrap/doctor-checks.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { checkImaging } from '../imaging/self-check.ts';
import { checkDevices, checkRuntimeStatus } from '../tensorflow/setup/doctor-checks.ts';
import type { Workspace } from './workspace.ts';

/** Looks at everything the studio stands on, and says what to do where something is amiss. Loads no TensorFlow. */
export async function runDoctor(catalog: Catalog, workspace: Workspace): Promise<DoctorReport> {
  const checks = [
    checkNode(),
    checkRuntimeStatus(),
    checkDevices(),
    checkCatalog(catalog),
    await checked('sharp', 'Delete node_modules and run `npm start`.', checkImaging),
    checkElectron(),
    await checkBrowser(),
    checkDisk(workspace.directory),
  ];
  return { ok: checks.every((check) => check.ok || check.optional), checks };
}

function checkCatalog(catalog: Catalog): DoctorCheck {
  const problems = catalog.integrityCheck();
  return {
    name: 'sqlite',
    ok: problems.length === 0,
    detail: problems.length === 0 ? `SQLite ${catalog.sqliteVersion}, the catalog is sound` : problems.join('; '),
    fix: problems.length === 0 ? '' : 'Restore the catalog from a backup in the workspace folder.',
    optional: false,
  };
}

/** A check that either gives its detail or throws. */
async function checked(name: string, fix: string, check: () => Promise<string>): Promise<DoctorCheck> {
  try {
    return { name, ok: true, detail: await check(), fix: '', optional: false };
  } catch (error) {
    return { name, ok: false, detail: toStudioError(error).message, fix, optional: false };
  }
}

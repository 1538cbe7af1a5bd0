import { lockWorkspace, openWorkspace } from '#main/host/workspace.ts';

/** Tries to take a workspace, says whether it got it, and holds it until its stdin ends. */
try {
  lockWorkspace(openWorkspace(process.argv[2]!));
  process.stdout.write('taken\n');
} catch {
  process.stdout.write('refused\n');
}
process.stdin.resume();

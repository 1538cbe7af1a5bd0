import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import type { CommandResult, RunCommand } from '#main/tensorflow/setup/command.ts';
import type { SetupContext, SetupMachine } from '#main/tensorflow/setup/context.ts';
import type { PinnedWheel } from '#main/tensorflow/setup/pins.ts';

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'face2exp-setup-'));
}

export interface ZipMember {
  readonly name: string;
  readonly content: string;
  readonly stored?: boolean;
  readonly mode?: number;
  /** In place of the content's own. */
  readonly crc32?: number;
}

/** A zip archive written by hand after APPNOTE 6.3: local headers with contents, the central directory, its end record. */
export function buildZip(members: readonly ZipMember[], comment = ''): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const content = Buffer.from(member.content);
    const packed = member.stored ? content : deflateRawSync(content);
    const method = member.stored ? 0 : 8;
    const sum = member.crc32 ?? crc32(content);
    // A local extra field that the directory does not have: the two lengths must not be mixed up.
    const localExtra = Buffer.from([0x99, 0x99, 1, 0, 7]);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(localExtra.length, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(sum, 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(((member.mode ?? 0) << 16) >>> 0, 38);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, name);
    parts.push(local, name, localExtra, packed);
    offset += local.length + name.length + localExtra.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, central, end, Buffer.from(comment)]);
}

/** A wheel like TensorFlow's in names, and its pin. */
export function smallWheel(fileName = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl'): {
  content: Buffer;
  pin: PinnedWheel;
} {
  const content = buildZip([
    { name: 'tensorflow/libtensorflow_cc.so.2', content: 'the library'.repeat(100) },
    { name: 'tensorflow/libtensorflow_framework.so.2', content: 'the framework' },
    { name: 'tensorflow/include/tensorflow/c/c_api.h', content: '/* header */' },
    { name: 'tensorflow/python/left_out.py', content: 'left out' },
  ]);
  return {
    content,
    pin: {
      fileName,
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: content.length,
      unpackedBytes: 2000,
      wanted: /^tensorflow\/(lib|include\/)/,
    },
  };
}

export const SUCCESS: CommandResult = { status: 0, stdout: '', stderr: '' };
export const MISSING: CommandResult = { status: 'missing', stdout: '', stderr: '' };

/** The value that follows an option in a command's arguments. */
export function optionValue(args: readonly string[], option: string): string {
  return args[args.indexOf(option) + 1] ?? '';
}

/** A pip that "downloads" a file of this content. */
export function pipServing(content: Buffer, fileName: string): RunCommand {
  return async (_program, args) => {
    if (args.includes('download')) writeFileSync(join(optionValue(args, '--dest'), fileName), content);
    return SUCCESS;
  };
}

/** A compiler that writes something to its output file. */
export const workingCompiler: RunCommand = async (_program, args) => {
  const output = optionValue(args, '-o');
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, 'binding');
  return SUCCESS;
};

/** The report of a smoke test that has passed. */
export const SOUND_REPORT = { version: '2.21.0', onGpu: false, convolutionSum: 36, filterGradient: Array(9).fill(4) };

export function machineThat(run: RunCommand, changes: Partial<SetupMachine> = {}): SetupMachine {
  return {
    run,
    fetch: () => Promise.reject(new Error('this test must not use the network')),
    environment: {},
    nvidiaDriverLoaded: () => false,
    freeBytes: async () => 100e9,
    ...changes,
  };
}

export function contextOf(machine: SetupMachine, changes: Partial<SetupContext> = {}): SetupContext {
  return {
    machine,
    cacheFolder: temporaryFolder(),
    wheels: () => [],
    report: () => undefined,
    signal: undefined,
    ...changes,
  };
}

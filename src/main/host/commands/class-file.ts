import { readFile } from 'node:fs/promises';
import { csvRecords } from '#shared/csv.ts';
import { StudioError, toStudioError } from '#shared/errors.ts';

/** Stands for a class in a file of names: its images are left out. */
const LEFT_OUT = '-';

/**
 * A file of class names, lines of `NAME,CLASS`; the class `-` leaves its images out. Empty lines and those that begin with # are passed over.
 * @returns class by name, null for those that are left out. @throws StudioError 'not-found', 'bad-input' with the line.
 */
export async function readClassFile(file: string): Promise<Record<string, string | null>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw toStudioError(error);
  });
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const classes: Record<string, string | null> = {};
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [name, className, ...rest] = recordOf(line).map((field) => field.trim());
    if (name === undefined || name === '' || className === undefined || className === '' || rest.length > 0) {
      throw new StudioError(
        'bad-input',
        `Line ${index + 1} of ${file} is not of the form NAME,CLASS: “${line.slice(0, 60)}”.`,
        {
          hint: 'Write one name a line, such as “amusement,happy”; “smirk,-” leaves the images of a class out.',
        },
      );
    }
    classes[name] = className === LEFT_OUT ? null : className;
  }
  return classes;
}

function recordOf(line: string): string[] {
  try {
    return [...csvRecords(line)][0] ?? [];
  } catch (error) {
    if (error instanceof RangeError) return []; // a quote that is never closed: told with the line
    throw error;
  }
}

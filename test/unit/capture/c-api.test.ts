import { expect, test } from 'vitest';
import { type CApi, openCApi, packOutputs, throwUnlessOk } from '#main/tensorflow/capture/c-api.ts';
import { StudioError } from '#shared/errors.ts';

function failureOf(code: number, message: string): unknown {
  const api: Pick<CApi, 'statusCode' | 'statusMessage'> = { statusCode: () => code, statusMessage: () => message };
  try {
    throwUnlessOk(api as CApi, 0n, 'run "step"');
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a status that is OK throws nothing', () => {
  expect(failureOf(0, '')).toBeUndefined();
});

// Codes of tsl/protobuf/error_codes.proto.
test.each([
  [1, 'cancelled'],
  [3, 'internal'],
  [8, 'out-of-memory'],
  [12, 'unsupported'],
])('status %i is a StudioError "%s" with the first line of the message, and all of it as cause', (status, code) => {
  const failure = failureOf(status, 'OOM when allocating tensor\n\t [[{{node a}}]]');
  expect(failure).toBeInstanceOf(StudioError);
  expect(failure).toMatchObject({
    code,
    message: 'TensorFlow could not run "step": OOM when allocating tensor',
    cause: new Error('OOM when allocating tensor\n\t [[{{node a}}]]'),
  });
});

test('a library that cannot be opened is named', () => {
  expect(() => openCApi('/nowhere/libtensorflow.so')).toThrow(/\/nowhere\/libtensorflow\.so could not be opened/);
});

test('outputs are laid out as pointer, index, padding', () => {
  const bytes = new Uint8Array(packOutputs([{ oper: 0x0102n, index: 3 }]).buffer);
  expect([...bytes]).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
});

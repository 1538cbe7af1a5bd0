import { describe, expect, it } from 'vitest';
import {
  addTallies,
  ONE_FAILED,
  ONE_PASSED,
  playwrightTally,
  summaryLine,
  tallyWithExit,
  vitestTally,
} from '#main/bootstrap/test-tally.ts';

describe('the closing line', () => {
  it('sums up, and names the skipped where there are some', () => {
    expect(summaryLine(addTallies([ONE_PASSED, ONE_FAILED, { passed: 10, failed: 0, skipped: 0 }]))).toBe(
      '11 passed, 1 failed',
    );
    expect(summaryLine({ passed: 2, failed: 0, skipped: 3 })).toBe('2 passed, 0 failed, 3 skipped');
    expect(summaryLine(addTallies([]))).toBe('0 passed, 0 failed');
  });
});

describe('vitestTally', () => {
  const counts = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };

  it('counts a file that fails outside its tests as one failed test', () => {
    const testResults = [
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
      { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] },
      { status: 'failed', assertionResults: [] },
    ];
    expect(vitestTally({ ...counts, testResults })).toEqual({ passed: 5, failed: 2, skipped: 3 });
  });
});

describe('playwrightTally', () => {
  it('counts flaky tests and errors outside tests as failed', () => {
    const stats = { expected: 4, unexpected: 1, flaky: 1, skipped: 2 };
    expect(playwrightTally({ stats, errors: [{ message: 'Error: No tests found' }] })).toEqual({
      passed: 4,
      failed: 3,
      skipped: 2,
    });
  });
});

describe('tallyWithExit', () => {
  it('does not let a runner fail silently', () => {
    expect(tallyWithExit(ONE_PASSED, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(tallyWithExit(ONE_PASSED, null)).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(tallyWithExit(ONE_PASSED, 0)).toEqual(ONE_PASSED);
    expect(tallyWithExit(ONE_FAILED, 1)).toEqual(ONE_FAILED);
  });
});

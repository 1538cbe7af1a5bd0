import { InvalidArgumentError } from 'commander';

/** Readers of option values; commander turns what they throw into a usage error that names the option. */
function number(text: string, what: string, accepts: (value: number) => boolean): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || !accepts(value)) throw new InvalidArgumentError(`It takes ${what}.`);
  return value;
}

export const positiveInteger = (text: string): number =>
  number(text, 'a whole number above 0', (value) => Number.isSafeInteger(value) && value > 0);
export const naturalNumber = (text: string): number =>
  number(text, 'a whole number, 0 or more', (value) => Number.isSafeInteger(value) && value >= 0);
export const integer = (text: string): number => number(text, 'a whole number', Number.isSafeInteger);
export const positiveNumber = (text: string): number => number(text, 'a number above 0', (value) => value > 0);
export const nonNegativeNumber = (text: string): number => number(text, 'a number, 0 or more', (value) => value >= 0);
export const share = (text: string): number =>
  number(text, 'a number from 0 to 1', (value) => value >= 0 && value <= 1);
export const shareBelowOne = (text: string): number =>
  number(text, 'a number from 0 to below 1', (value) => value >= 0 && value < 1);
export const fraction = (text: string): number =>
  number(text, 'a number above 0 and at most 1', (value) => value > 0 && value <= 1);

import { expect, test } from 'vitest';
import { EXPRESSIONS, FER2013_TO_STUDIO, classNames, expressionIndex } from '#shared/expressions.ts';

test('class names are found in the spellings data sets use', () => {
  expect(expressionIndex('Happiness')).toBe(1);
  expect(expressionIndex('ANGRY')).toBe(6);
  expect(expressionIndex('03_surprise')).toBe(3);
  expect(expressionIndex(' fear ')).toBe(4);
  expect(expressionIndex('5. disgust')).toBe(5);
  expect(expressionIndex('cats')).toBeUndefined();
  expect(expressionIndex('')).toBeUndefined();
});

test('no alias belongs to two classes', () => {
  const names = EXPRESSIONS.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});

test('FER2013 numbers 0–6 are Anger, Disgust, Fear, Happy, Sad, Surprise, Neutral', () => {
  const order = ['anger', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
  expect(FER2013_TO_STUDIO.map((index) => EXPRESSIONS[index]!.name)).toEqual(order);
});

test('seven classes leave out contempt', () => {
  expect(classNames()).toHaveLength(7);
  expect(classNames()).not.toContain('contempt');
  expect(classNames(8)[7]).toBe('contempt');
});

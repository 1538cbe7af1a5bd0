import { EXPRESSIONS, type Expression, expressionIndex } from '#shared/expressions.ts';

/** What a network of another program may tell, which is no class of the studio's. */
const OTHER_COLOR = '#8C8C8C';

function expressionOf(name: string): Expression | undefined {
  const index = expressionIndex(name);
  return index === undefined ? undefined : EXPRESSIONS[index];
}

export const labelOfClass = (name: string): string => expressionOf(name)?.label ?? name;
export const colorOfClass = (name: string): string => expressionOf(name)?.color ?? OTHER_COLOR;
export const letterOfClass = (name: string): string =>
  expressionOf(name)?.letter ?? name.trim().slice(0, 1).toUpperCase();

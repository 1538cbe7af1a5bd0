/** The checks of the sources, each a program of a package in node_modules. */
export interface SourceCheck {
  readonly name: string;
  /** Arguments of Node, from the checkout. */
  readonly command: readonly string[];
}

export const SOURCE_CHECKS: readonly SourceCheck[] = [
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '--project', '.'] },
  { name: 'eslint', command: ['node_modules/eslint/bin/eslint.js', '--config', 'test/eslint.config.mjs', '.'] },
  { name: 'prettier', command: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'] },
];

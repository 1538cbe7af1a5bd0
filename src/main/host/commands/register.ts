import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

/** Wraps a command's work with its context, its errors and its exit code; commander passes arguments first, then options. */
export type Action = <Options>(
  work: (context: CommandContext, options: Options, ...names: string[]) => Promise<void>,
) => (...parameters: unknown[]) => Promise<void>;

/** Adds some commands to the program. */
export type Register = (program: Command, action: Action) => void;

import { StudioError } from '#shared/errors.ts';
import { collect } from './filter-options.ts';
import { findRun } from './find-run.ts';
import type { Register } from './register.ts';

/** runs tag. */
export const registerTagCommand: Register = (runs, action) => {
  runs
    .command('tag')
    .description('give a run tags to find it by, or take them away; without any, tell those it has')
    .argument('<run>')
    .argument('[tags...]', 'to give')
    .option('--remove <tag>', 'to take away (may be repeated)', collect(String))
    .action(
      action(async (context, options: { remove?: readonly string[] }, name, ...more) => {
        const add = more.flat() as string[];
        const remove = [...(options.remove ?? [])];
        const both = add.filter((tag) => remove.includes(tag));
        if (both.length > 0) {
          throw new StudioError('usage', `“${both[0]}” is to be given and taken away.`, { hint: 'Name it once.' });
        }
        const connection = await context.connect();
        const { id, tags: before } = await findRun(connection, name as string);
        const isQuestion = add.length === 0 && remove.length === 0;
        const tags = isQuestion ? before : (await connection.client.runs.tag.mutate({ id, add, remove })).tags;
        context.result({ run: id, tags }, tags.length === 0 ? `Run ${id} has no tags.` : `${id}: ${tags.join(', ')}`);
      }),
    );
};

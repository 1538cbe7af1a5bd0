import { config } from 'zod';

/** Zod compiles schemas with `new Function` where it may; the page's policy forbids it and every attempt is reported as a violation. */
config({ jitless: true });

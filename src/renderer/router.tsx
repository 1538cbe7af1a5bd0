import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { z } from 'zod';
import { classNames, EXPRESSIONS } from '#shared/expressions.ts';
import { splitSchema } from '#shared/images.ts';
import { networkSchema } from '#shared/training.ts';
import { Frame } from './frame/frame.tsx';
import { NotFound, PlaceError } from './views/not-found.tsx';
import { Overview } from './views/overview/overview.tsx';

/** What the grid of faces shows; a part that is not valid counts as not given. */
export const dataSearchSchema = z.object({
  source: z.string().optional().catch(undefined),
  split: splitSchema.optional().catch(undefined),
  class: z.enum(classNames(EXPRESSIONS.length)).optional().catch(undefined),
  /** The face whose details are shown. */
  face: z.number().int().positive().optional().catch(undefined),
});
export type DataSearch = z.infer<typeof dataSearchSchema>;

/** Without a tab: the charts. */
const runSearchSchema = z.object({ tab: z.enum(['evaluations', 'config', 'log']).optional().catch(undefined) });

const predictSearchSchema = z.object({
  run: z.string().optional().catch(undefined),
  network: networkSchema.optional().catch(undefined),
  /** A face of the catalog. */
  face: z.number().int().positive().optional().catch(undefined),
});

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: PlaceError });

const overview = createRoute({ getParentRoute: () => root, path: '/', component: Overview });

const data = createRoute({
  getParentRoute: () => root,
  path: '/data',
  component: lazyRouteComponent(() => import('./views/data/data-place.tsx'), 'DataPlace'),
});
const faces = createRoute({
  getParentRoute: () => data,
  path: '/',
  validateSearch: (search) => dataSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('./views/data/faces.tsx'), 'Faces'),
});
const sources = createRoute({
  getParentRoute: () => data,
  path: '/sources',
  staticData: { title: 'Sources' },
  component: lazyRouteComponent(() => import('./views/data/sources.tsx'), 'Sources'),
});
const subsets = createRoute({
  getParentRoute: () => data,
  path: '/subsets',
  staticData: { title: 'Subsets' },
  component: lazyRouteComponent(() => import('./views/data/subsets.tsx'), 'Subsets'),
});
const importImages = createRoute({
  getParentRoute: () => data,
  path: '/import',
  staticData: { title: 'Import' },
  validateSearch: (search) => z.object({ path: z.string().optional().catch(undefined) }).parse(search),
  component: lazyRouteComponent(() => import('./views/data/import-images.tsx'), 'ImportImages'),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  component: lazyRouteComponent(() => import('./views/runs/run-list.tsx'), 'RunList'),
});
const newRun = createRoute({
  getParentRoute: () => root,
  path: '/runs/new',
  staticData: { title: 'New run' },
  // The run it begins as a copy of.
  validateSearch: (search) => z.object({ from: z.string().optional().catch(undefined) }).parse(search),
  component: lazyRouteComponent(() => import('./views/runs/new-run.tsx'), 'NewRun'),
});
const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run',
  validateSearch: (search) => runSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('./views/runs/run-page.tsx'), 'RunPage'),
});

const predict = createRoute({
  getParentRoute: () => root,
  path: '/predict',
  validateSearch: (search) => predictSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('./views/predict/predict.tsx'), 'Predict'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./views/settings/settings.tsx'), 'Settings'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    data.addChildren([faces, sources, subsets, importImages]),
    runs,
    newRun,
    run,
    predict,
    settings,
  ]),
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** Shown after the place in the breadcrumbs. */
    title?: string;
  }
}

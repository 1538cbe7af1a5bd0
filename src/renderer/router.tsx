import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { z } from 'zod';
import { Frame } from './frame/frame.tsx';
import { lazyPlace } from './lazy-place.tsx';
import {
  dataSearchSchema,
  duplicatesSearchSchema,
  sourcesSearchSchema,
  subsetsSearchSchema,
} from './views/data/search.ts';
import {
  agreementSearchSchema,
  feedbackSearchSchema,
  flipsSearchSchema,
  roundSearchSchema,
} from './views/labels/search.ts';
import { compareSearchSchema, newRunSearchSchema, runListSearchSchema, runSearchSchema } from './views/runs/search.ts';
import { evaluateSearchSchema } from './views/evaluate/search.ts';
import { predictSearchSchema } from './views/predict/search.ts';
import { NotFound, PlaceError } from './views/not-found.tsx';
import { Overview } from './views/overview/overview.tsx';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: PlaceError });

const overview = createRoute({ getParentRoute: () => root, path: '/', component: Overview });

const data = createRoute({
  getParentRoute: () => root,
  path: '/data',
  component: lazyPlace(() => import('./views/data/data-place.tsx'), 'DataPlace'),
});
const faces = createRoute({
  getParentRoute: () => data,
  path: '/',
  validateSearch: (search) => dataSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/data/faces.tsx'), 'Faces'),
});
const sources = createRoute({
  getParentRoute: () => data,
  path: '/sources',
  staticData: { title: 'Sources' },
  validateSearch: (search) => sourcesSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/data/sources.tsx'), 'Sources'),
});
const subsets = createRoute({
  getParentRoute: () => data,
  path: '/subsets',
  staticData: { title: 'Subsets' },
  validateSearch: (search) => subsetsSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/data/subsets.tsx'), 'Subsets'),
});
const duplicates = createRoute({
  getParentRoute: () => data,
  path: '/duplicates',
  staticData: { title: 'Duplicates' },
  validateSearch: (search) => duplicatesSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/data/duplicates.tsx'), 'Duplicates'),
});
const exclusions = createRoute({
  getParentRoute: () => data,
  path: '/exclusions',
  staticData: { title: 'Exclusions' },
  component: lazyPlace(() => import('./views/data/exclusions.tsx'), 'Exclusions'),
});
const importImages = createRoute({
  getParentRoute: () => data,
  path: '/import',
  staticData: { title: 'Import' },
  validateSearch: (search) => z.object({ path: z.string().optional().catch(undefined) }).parse(search),
  component: lazyPlace(() => import('./views/data/import-images.tsx'), 'ImportImages'),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: (search) => runListSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/runs/run-list.tsx'), 'RunList'),
});
const newRun = createRoute({
  getParentRoute: () => root,
  path: '/runs/new',
  staticData: { title: 'New run' },
  validateSearch: (search) => newRunSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/runs/start/new-run.tsx'), 'NewRun'),
});
const compareRuns = createRoute({
  getParentRoute: () => root,
  path: '/runs/compare',
  staticData: { title: 'Compare' },
  validateSearch: (search) => compareSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/runs/compare/compare-runs.tsx'), 'CompareRuns'),
});
const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run',
  validateSearch: (search) => runSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/runs/run-page.tsx'), 'RunPage'),
});

const labels = createRoute({
  getParentRoute: () => root,
  path: '/labels',
  component: lazyPlace(() => import('./views/labels/labels-place.tsx'), 'LabelsPlace'),
});
const rounds = createRoute({
  getParentRoute: () => labels,
  path: '/',
  component: lazyPlace(() => import('./views/labels/rounds/round-list.tsx'), 'RoundList'),
});
const flips = createRoute({
  getParentRoute: () => labels,
  path: '/flips',
  staticData: { title: 'Flips' },
  validateSearch: (search) => flipsSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/labels/rounds/flips.tsx'), 'Flips'),
});
const audits = createRoute({
  getParentRoute: () => labels,
  path: '/audits',
  staticData: { title: 'Blind audits' },
  component: lazyPlace(() => import('./views/labels/audit/audits.tsx'), 'Audits'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/labels/audits/$audit',
  component: lazyPlace(() => import('./views/labels/audit/audit-page.tsx'), 'AuditPage'),
});
const feedback = createRoute({
  getParentRoute: () => labels,
  path: '/feedback',
  staticData: { title: 'Feedback' },
  validateSearch: (search) => feedbackSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/labels/rounds/feedback.tsx'), 'Feedback'),
});
const decisions = createRoute({
  getParentRoute: () => labels,
  path: '/log',
  staticData: { title: 'Decisions' },
  component: lazyPlace(() => import('./views/labels/history/decisions.tsx'), 'Decisions'),
});
const agreement = createRoute({
  getParentRoute: () => labels,
  path: '/agreement',
  staticData: { title: 'Agreement' },
  validateSearch: (search) => agreementSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/labels/history/agreement.tsx'), 'AgreementPage'),
});
const round = createRoute({
  getParentRoute: () => root,
  path: '/labels/$round',
  validateSearch: (search) => roundSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/labels/round-page.tsx'), 'RoundPage'),
});

const predict = createRoute({
  getParentRoute: () => root,
  path: '/predict',
  validateSearch: (search) => predictSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/predict/predict.tsx'), 'Predict'),
});

const evaluate = createRoute({
  getParentRoute: () => root,
  path: '/evaluate',
  validateSearch: (search) => evaluateSearchSchema.parse(search),
  component: lazyPlace(() => import('./views/evaluate/evaluate.tsx'), 'Evaluate'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyPlace(() => import('./views/settings/settings.tsx'), 'Settings'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    data.addChildren([faces, sources, subsets, duplicates, exclusions, importImages]),
    runs,
    newRun,
    compareRuns,
    run,
    labels.addChildren([rounds, flips, audits, feedback, decisions, agreement]),
    audit,
    round,
    predict,
    evaluate,
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
